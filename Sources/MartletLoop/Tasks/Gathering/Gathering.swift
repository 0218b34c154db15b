/// Bodies that run side by side, a limited number at a time, and what they came to: the work of `gather`.
///
/// The elements are taken one by one as there is room, so that a long or lazy sequence is never held in memory.
final class Gathering<Elements: IteratorProtocol, Value: Sendable> {
    private let children = ChildTasks()
    private var elements: Elements
    private var results: [Result<Value, any Error>?] = []
    private var firstError: (any Error)?
    private var running = 0
    private var isFilling = false
    private var isExhausted = false
    private let limit: Int
    private let stopsAtFailure: Bool
    private let body: @MainActor (Elements.Element) async throws -> Value

    init(
        _ elements: Elements, underestimatedCount: Int, limit: Int, stopsAtFailure: Bool,
        body: @escaping @MainActor (Elements.Element) async throws -> Value
    ) {
        self.elements = elements
        self.limit = max(1, limit)
        self.stopsAtFailure = stopsAtFailure
        self.body = body
        results.reserveCapacity(underestimatedCount)
        children.reserve(min(underestimatedCount, self.limit))
    }

    /// Runs the bodies, and returns when all that were started have ended.
    func run() async {
        await children.join { fill() }
    }

    /// The values in the order of the elements.
    ///
    /// - Throws: the error that came first; `CancellationError` when the caller's cancellation kept a body from
    ///   starting.
    func values() throws -> [Value] {
        if let firstError { throw firstError }
        guard allHaveStarted() else { throw CancellationError() }
        return try results.map { result in
            guard let result else { throw CancellationError() }
            return try result.get()
        }
    }

    /// What each came to, in the order of the elements.
    ///
    /// - Throws: when the caller was cancelled and that changed anything: a body was not started, or has failed.
    func outcomes() throws(CancellationError) -> [Result<Value, any Error>] {
        let all = results.compactMap { $0 }
        guard allHaveStarted(), all.count == results.count, !(children.isCancelled && firstError != nil) else {
            throw CancellationError()
        }
        return all
    }

    /// Cancelled while it had no room for more, it has not seen whether there were more.
    private func allHaveStarted() -> Bool {
        isExhausted || elements.next() == nil
    }

    /// Starts bodies while there is room. A body that ends before it is suspended comes back here through `end`, and
    /// finds that the loop is going on below it.
    private func fill() {
        guard !isFilling else { return }
        isFilling = true
        defer { isFilling = false }
        while running < limit, !isExhausted, !children.isCancelled {
            guard let element = elements.next() else {
                isExhausted = true
                return
            }
            start(element)
        }
    }

    private func start(_ element: Elements.Element) {
        let index = results.count
        results.append(nil)
        running += 1
        let slot = children.enter()
        let task = Task.immediate { [self] in
            do {
                end(index, .success(try await body(element)))
            } catch {
                end(index, .failure(error))
            }
            children.leave(slot)
        }
        children.keep(task, in: slot)
    }

    private func end(_ index: Int, _ result: Result<Value, any Error>) {
        results[index] = result
        running -= 1
        if case .failure(let error) = result, firstError == nil {
            firstError = error
            if stopsAtFailure { children.cancel() }
        }
        fill()
    }
}
