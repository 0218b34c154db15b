import MartletLoop

/// A write on its way to a transaction and back.
protocol QueuedWrite: AnyObject, Sendable {
    /// Who waits for it.
    @MainActor var continuation: UnsafeContinuation<Void, Never>? { get set }
    /// Whether it waits for a transaction to begin.
    @MainActor var isWaiting: Bool { get set }
    /// Whether its caller wants it no more.
    @MainActor var wasCancelled: Bool { get set }

    /// Runs it, on the writer's thread.
    ///
    /// - Returns: whether it has not thrown.
    func run(_ connection: SQLiteConnection) -> Bool

    /// Gives it an error in place of what it had.
    func fail(_ error: any Error)
}

extension QueuedWrite {
    /// Lets its caller go on.
    @MainActor func resume() {
        continuation?.resume()
        continuation = nil
    }
}

/// A write with a value.
///
/// `@unchecked Sendable`, because: `continuation`, `isWaiting` and `wasCancelled` are touched on the loop only; `outcome`
/// is touched by the writer's thread from the moment that the loop hands over the batch until it gets it back, and by the
/// loop before and after. The pool's queue orders the one before the other.
final class QueuedWriteOf<Value: Sendable>: QueuedWrite, @unchecked Sendable {
    @MainActor var continuation: UnsafeContinuation<Void, Never>?
    @MainActor var isWaiting = false
    @MainActor var wasCancelled = false
    private let body: @Sendable (SQLiteConnection) throws -> Value
    private(set) var outcome: Result<Value, any Error>?

    init(_ body: @escaping @Sendable (SQLiteConnection) throws -> Value) {
        self.body = body
    }

    func run(_ connection: SQLiteConnection) -> Bool {
        do {
            outcome = .success(try body(connection))
            return true
        } catch {
            outcome = .failure(error)
            return false
        }
    }

    func fail(_ error: any Error) {
        outcome = .failure(error)
    }
}
