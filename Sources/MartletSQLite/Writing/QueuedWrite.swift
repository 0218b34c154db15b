import MartletLoop

/// A write on its way to a transaction and back.
///
/// `@unchecked Sendable`, because: `continuation`, `isWaiting` and `wasCancelled` are touched on the loop only; what a subclass has
/// is touched by the writer's thread from the moment that the loop hands over the batch until it gets it back, and by the
/// loop before and after. The pool's queue orders the one before the other.
class QueuedWrite: @unchecked Sendable {
    @MainActor var continuation: UnsafeContinuation<Void, Never>?
    @MainActor var isWaiting = false
    @MainActor var wasCancelled = false

    /// Runs it.
    ///
    /// - Returns: whether it has not thrown.
    func run(_ connection: SQLiteConnection) -> Bool { fatalError("a write that does nothing") }

    /// Gives it an error in place of what it had.
    func fail(_ error: any Error) {}

    /// Lets its caller go on.
    @MainActor func resume() {
        continuation?.resume()
        continuation = nil
    }
}

/// A write with a value; `@unchecked Sendable` as what it inherits from.
final class QueuedWriteOf<Value: Sendable>: QueuedWrite, @unchecked Sendable {
    private let body: @Sendable (SQLiteConnection) throws -> Value
    private(set) var outcome: Result<Value, any Error>?

    init(_ body: @escaping @Sendable (SQLiteConnection) throws -> Value) {
        self.body = body
    }

    override func run(_ connection: SQLiteConnection) -> Bool {
        do {
            outcome = .success(try body(connection))
            return true
        } catch {
            outcome = .failure(error)
            return false
        }
    }

    override func fail(_ error: any Error) {
        outcome = .failure(error)
    }
}
