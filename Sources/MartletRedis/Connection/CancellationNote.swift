import CMartlet
import MartletLoop

/// What the runtime needs to tell a connection that the task of a pending caller was cancelled: see
/// `martlet_add_cancellation_call`. Notes are used over and over.
///
/// A note belongs to one caller from `take` to `put`; the call comes, on any thread, while the caller is in between, and
/// reads it only. What it finds there is passed on by number, and a number that is answered already does nothing.
nonisolated struct CancellationNote {
    /// The first, because C calls what a note begins with.
    private var call: martlet_cancellation_call?
    private var connection: Unmanaged<RedisConnection>
    private var number: UInt64 = 0
    /// The next one that nobody uses.
    private var next: UnsafeMutablePointer<CancellationNote>?

    /// The first one that nobody uses. There are as many as callers have ever waited at the same time.
    @MainActor private static var free: UnsafeMutablePointer<CancellationNote>?

    @MainActor
    private init(_ connection: RedisConnection) {
        self.connection = .passUnretained(connection)
        call = Self.callback
    }

    /// Made where nothing is isolated: it comes on any thread.
    private static var callback: martlet_cancellation_call {
        { context in
            guard let note = context?.assumingMemoryBound(to: CancellationNote.self) else { return }
            CancellationNote.cancelled(note)
        }
    }

    /// A note for a caller, who keeps the connection alive until he has put it back.
    @MainActor
    @inline(__always)
    static func take(_ connection: RedisConnection, number: UInt64) -> UnsafeMutablePointer<CancellationNote> {
        let note = free ?? make(connection)
        free = note.pointee.next
        note.pointee.connection = .passUnretained(connection)
        note.pointee.number = number
        return note
    }

    @MainActor
    @inline(never)
    private static func make(_ connection: RedisConnection) -> UnsafeMutablePointer<CancellationNote> {
        let note = UnsafeMutablePointer<CancellationNote>.allocate(capacity: 1)
        note.initialize(to: CancellationNote(connection))
        return note
    }

    @MainActor
    @inline(__always)
    static func put(_ note: UnsafeMutablePointer<CancellationNote>) {
        note.pointee.next = free
        free = note
    }

    private static func cancelled(_ note: UnsafeMutablePointer<CancellationNote>) {
        // The caller is suspended, or about to be, and cannot go on before this call has returned.
        let connection = note.pointee.connection.takeUnretainedValue()
        let number = note.pointee.number
        onLoop { connection.cancel(number) }
    }
}

extension CancellationNote {
    /// Has the connection told of the current task's cancellation, until the record is removed.
    @inline(__always)
    static func watch(_ note: UnsafeMutablePointer<CancellationNote>) -> UnsafeMutableRawPointer? {
        // It begins with what is called.
        martlet_add_cancellation_call(
            UnsafeMutableRawPointer(note).assumingMemoryBound(to: martlet_cancellation_call?.self))
    }
}
