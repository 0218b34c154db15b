import DequeModule

/// Bodies that run side by side, and their values in the order in which they ended: the work of `asCompleted`.
///
/// What has ended waits in a queue, and counts against the limit until it is taken: that bounds what piles up before a
/// slow consumer. A failure ends it: what comes after it in the queue is dropped.
final class Completions<Elements: IteratorProtocol, Value: Sendable> {
    let children = ChildTasks()
    private var elements: Elements
    private var ended: Deque<Result<Value, any Error>> = []
    private let consumers = WaitQueue<Void, Void>()
    private var running = 0
    private var isFilling = false
    private var isExhausted = false
    private let limit: Int
    private let body: @MainActor (Elements.Element) async throws -> Value

    init(_ elements: Elements, limit: Int, body: @escaping @MainActor (Elements.Element) async throws -> Value) {
        self.elements = elements
        self.limit = max(1, limit)
        self.body = body
    }

    /// Starts bodies while there is room.
    func begin() {
        guard !isFilling else { return }
        isFilling = true
        defer { isFilling = false }
        while running + ended.count < limit, !isExhausted, !children.isCancelled {
            guard let element = elements.next() else {
                isExhausted = true
                return
            }
            start(element)
        }
    }

    /// The value of the next body that ends; `nil` when there are no more.
    func next() async throws -> Value? {
        while true {
            if let result = ended.popFirst() {
                guard case .failure = result else {
                    begin()
                    return try result.get()
                }
                await cancel()
                return try result.get()
            }
            guard running > 0 else { return nil }
            do {
                try await consumers.wait(())
            } catch {
                await cancel()
                throw error
            }
        }
    }

    /// Cancels what is running, waits for it and drops its values.
    func cancel() async {
        isExhausted = true
        children.cancel()
        await children.join()
        ended.removeAll()
        consumers.answerAll(())
    }

    private func start(_ element: Elements.Element) {
        running += 1
        let slot = children.enter()
        let task = Task.immediate { [self] in
            do {
                end(.success(try await body(element)))
            } catch {
                end(.failure(error))
            }
            children.leave(slot)
        }
        children.keep(task, in: slot)
    }

    private func end(_ result: Result<Value, any Error>) {
        running -= 1
        ended.append(result)
        if case .failure = result { children.cancel() }
        if running == 0 { consumers.answerAll(()) } else { consumers.answerFirst(()) }
    }
}
