/// A body, and what it came to once it has run.
final class Outcome<Value: Sendable> {
    private let body: @MainActor () async throws -> Value
    /// What it came to; `nil` until then.
    private(set) var result: Result<Value, any Error>?

    init(_ body: @escaping @MainActor () async throws -> Value) {
        self.body = body
    }

    /// Runs the body at once in a task of its own.
    ///
    /// - Parameters:
    ///   - isCancelled: whether the task is cancelled from the outset.
    ///   - onEnd: called with the error of the body, or `nil`, when it has ended.
    func start(cancelled isCancelled: Bool, onEnd: @escaping @MainActor ((any Error)?) -> Void) -> Task<Void, Never> {
        // All in one closure: each `async` function between the task and the body costs some 100 ns.
        Task.immediate { [self] in
            if isCancelled { withUnsafeCurrentTask { $0?.cancel() } }
            do {
                result = .success(try await body())
                onEnd(nil)
            } catch {
                result = .failure(error)
                onEnd(error)
            }
        }
    }

    /// What it came to; cancelled, as long as it was not run.
    var final: Result<Value, any Error> { result ?? .failure(CancellationError()) }
}
