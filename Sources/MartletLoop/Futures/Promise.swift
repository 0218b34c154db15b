/// The end of a future that resolves it: once, from the loop or from any thread.
///
/// A promise that goes away unresolved fails its future with a `FutureError` that names the line that made it, so that
/// nobody waits for ever. Resolving twice is a mistake in the program, and ends it with the place; where several may
/// race to be first, use `tryResolve`.
public final class Promise<Value: Sendable> {
    /// What others await.
    public let future = Future<Value>()

    private nonisolated let file: StaticString
    private nonisolated let line: UInt
    private var isResolved = false

    /// A promise that is to be resolved.
    public init(file: StaticString = #fileID, line: UInt = #line) {
        self.file = file
        self.line = line
    }

    /// Resolves with a value; whoever waits goes on in this tick or the next. From any thread.
    public nonisolated func succeed(_ value: Value, file: StaticString = #fileID, line: UInt = #line) {
        resolve(.success(value), file: file, line: line)
    }

    /// Resolves with an error; whoever waits gets it thrown. From any thread.
    public nonisolated func fail(_ error: any Error, file: StaticString = #fileID, line: UInt = #line) {
        resolve(.failure(error), file: file, line: line)
    }

    /// Resolves with a result. From any thread. Nothing happens when the future was cancelled.
    public nonisolated func resolve(
        _ result: Result<Value, any Error>, file: StaticString = #fileID, line: UInt = #line
    ) {
        onLoop { self.resolveOnce(result, file, line) }
    }

    /// Resolves unless that has happened before, for those who race to be first. On the loop only.
    ///
    /// - Returns: whether it did; `false` also when the future was cancelled.
    @discardableResult
    public func tryResolve(_ result: Result<Value, any Error>) -> Bool {
        isResolved = true
        return future.resolve(result)
    }

    private func resolveOnce(_ result: Result<Value, any Error>, _ file: StaticString, _ line: UInt) {
        require(
            !isResolved, "the promise made at \(self.file):\(self.line) is resolved a second time", file: file,
            line: line)
        tryResolve(result)
    }

    deinit {
        guard !isResolved else { return }
        let error = FutureError(.abandoned, place: "\(file):\(line)")
        onLoop { [future] in _ = future.resolve(.failure(error)) }
    }
}
