/// A result that is there now or later, and may be awaited any number of times.
///
/// The other end is a `Promise`. Everything here happens on the loop; a promise may be resolved from any thread.
///
/// ```swift
/// let promise = Promise<Int>()
/// EventLoop.main.callLater(.seconds(1)) { promise.succeed(42) }
/// print(try await promise.future.value)
/// ```
public final class Future<Value: Sendable> {
    // Not a Result in an Optional: what takes the two apart at the end looks up their types, which costs as much as
    // waiting does.
    private enum Outcome {
        case pending
        case value(Value)
        case failed(any Error)
    }

    private var outcome = Outcome.pending
    private var waiters: WaitQueue<Void, Void>?
    private var callbacks: [@MainActor (Result<Value, any Error>) -> Void] = []

    init() {}

    /// A future that has its result already.
    public init(_ result: Result<Value, any Error>) {
        setOutcome(result)
    }

    /// What it came to; `nil` until then.
    public var result: Result<Value, any Error>? {
        switch outcome {
        case .pending: nil
        case .value(let value): .success(value)
        case .failed(let error): .failure(error)
        }
    }

    /// Whether it has a result: a value, an error, or that it was cancelled.
    public var isDone: Bool {
        if case .pending = outcome { false } else { true }
    }

    /// Whether it was cancelled before it had a result.
    public var isCancelled: Bool {
        guard case .failed(let error as FutureError) = outcome else { return false }
        return error.code == .cancelled
    }

    /// The value, once there is one.
    ///
    /// Cancelling a task that waits here cancels that wait and nothing else: the future goes on, and others may wait.
    ///
    /// - Throws: the error that the promise failed with; `FutureError` when the future was cancelled, or when the
    ///   promise went away unresolved; `CancellationError` when the waiting task was cancelled.
    public var value: Value {
        get async throws {
            if case .pending = outcome { try await wait() }
            switch outcome {
            case .value(let value): return value
            case .failed(let error): throw error
            case .pending: fatalError("a task went on before the future that it awaits had a result")
            }
        }
    }

    @inline(__always)
    private func wait() async throws(CancellationError) {
        let waiting = waiters ?? WaitQueue()
        waiters = waiting
        try await waiting.wait(())
    }

    /// Calls `action` with the result, soon: in this tick or the next when it is there already. Callbacks are called in
    /// the order in which they were added.
    public func whenDone(_ action: @escaping @MainActor (Result<Value, any Error>) -> Void) {
        if let result {
            EventLoop.main.callSoon { action(result) }
        } else {
            callbacks.append(action)
        }
    }

    /// Gives up: whoever waits, now or later, gets a `FutureError` that says so, and what the promise is resolved with
    /// later is dropped.
    ///
    /// - Returns: whether this was what ended it; `false` when it had a result.
    @discardableResult
    public func cancel() -> Bool {
        resolve(.failure(FutureError(.cancelled)))
    }

    deinit {}

    func resolve(_ result: Result<Value, any Error>) -> Bool {
        guard case .pending = outcome else { return false }
        setOutcome(result)
        waiters?.answerAll(())
        waiters = nil
        for callback in callbacks { EventLoop.main.callSoon { callback(result) } }
        callbacks = []
        return true
    }

    private func setOutcome(_ result: Result<Value, any Error>) {
        switch result {
        case .success(let value): outcome = .value(value)
        case .failure(let error): outcome = .failed(error)
        }
    }
}
