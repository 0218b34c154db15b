import CMartlet
import MartletLoop
import MartletRESP

/// The wait of one caller. In pieces that do not suspend, so that the function that does is the only one: each asynchronous
/// function on the way of a command costs it two looks at the executor, and a frame.
///
/// ```swift
/// let wait = AnswerWait(connection, number, deadline)
/// let answer = await withUnsafeContinuation { wait.begin($0) }
/// return try wait.end(answer, command.name)
/// ```
///
/// It is begun on the loop, in one piece with being made; where it ends is its task's business.
nonisolated struct AnswerWait {
    private let connection: RedisConnection
    private let number: UInt64
    /// When it ends at the latest.
    let deadline: EventLoop.Instant
    /// By which the runtime tells of a cancellation; `nil` where the connection looks itself.
    private let told: (note: UnsafeMutablePointer<CancellationNote>, record: UnsafeMutableRawPointer?)?

    /// Waits for what was queued under this number in this very turn of the loop. To be ended in any case.
    @MainActor
    @inline(__always)
    init(_ connection: RedisConnection, _ number: UInt64, _ deadline: EventLoop.Instant, isTold: Bool = true) {
        self.connection = connection
        self.number = number
        self.deadline = deadline
        if isTold {
            let note = CancellationNote.take(connection, number: number)
            told = (note, CancellationNote.watch(note))
        } else {
            told = nil
        }
    }

    @inline(__always)
    func begin(_ waiter: UnsafeContinuation<RedisAnswer, Never>) {
        let isBegun: Void? = ifOnLoop((connection, number, waiter)) { $0.0.wait(for: $0.1, $0.2) }
        require(isBegun != nil, "a wait for an answer of Redis has left the event loop before it began")
    }

    /// What the caller gets. All answers of a batch are in that, and here is nothing.
    @inline(__always)
    func end(_ answer: consuming RedisAnswer, _ command: String) throws(RedisError) -> RESPValue {
        if let told {
            martlet_remove_cancellation_handler(told.record)
            if ifOnLoop(told.note, { CancellationNote.put($0) }) == nil { told.note.deallocate() }
        }
        switch consume answer {
        case .value(.error(let reply)): throw RedisError(reply, host: connection.host, command: command)
        case .value(let value): return value
        case .batch: return .null
        case .failed(let error): throw error.about(command: command)
        }
    }
}
