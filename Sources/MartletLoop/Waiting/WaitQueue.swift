/// The tasks that wait for one thing, in the order in which they came: what every primitive that suspends is built of.
///
/// A waiter brings a `Request` (an element to put, a number of permits) and gets an `Answer`. It is in the queue or it
/// has been answered, never both: once answered, cancelling its task changes nothing any more, so that nothing that was
/// handed to it is lost; while it is in the queue, cancelling takes it out in constant time.
///
/// ```
///             wait                       answer
///   (none) ───────────▶ in the queue ───────────────▶ goes on with the answer
///                            │ task cancelled
///                            └──────────────────────▶ throws CancellationError
/// ```
package final class WaitQueue<Request: Sendable, Answer: Sendable> {
    /// Who has waited longest; ownership goes from each to the next.
    package fileprivate(set) var first: Waiter<Request, Answer>?
    fileprivate unowned(unsafe) var last: Waiter<Request, Answer>?
    /// How many wait.
    package fileprivate(set) var count = 0

    package init() {}

    /// Whether nobody waits.
    package var isEmpty: Bool { first == nil }

    /// Suspends the calling task until it is answered. Throws at once when the task has been cancelled before.
    @inline(__always)
    package func wait(_ request: Request) async throws(CancellationError) -> Answer {
        let waiter = Waiter(request: request, queue: self)
        guard await waiter.suspend(), let answer = waiter.answer else { throw CancellationError() }
        return answer
    }

    /// Suspends the calling task until it is answered, also when it is cancelled meanwhile: to take back what it must
    /// have before it can say that it was cancelled.
    package func waitUncancellably(_ request: Request) async -> Answer {
        let waiter = Waiter(request: request, queue: self)
        await waiter.suspendUncancellably()
        guard let answer = waiter.answer else { fatalError("a waiter went on that nobody answered") }
        return answer
    }

    /// Lets the one that has waited longest go on.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    package func answerFirst(_ answer: Answer) -> Bool {
        guard let waiter = first else { return false }
        self.answer(waiter, answer)
        return true
    }

    /// Lets everyone go on who waits now.
    package func answerAll(_ answer: Answer) {
        while answerFirst(answer) {}
    }

    /// Lets one of those in the queue go on.
    package func answer(_ waiter: Waiter<Request, Answer>, _ answer: Answer) {
        guard waiter.isSuspended else { return }
        waiter.answer = answer
        waiter.resume()
        unlink(waiter)
    }

    fileprivate func link(_ waiter: Waiter<Request, Answer>) {
        waiter.previous = last
        if let last { last.next = waiter } else { first = waiter }
        last = waiter
        count += 1
    }

    fileprivate func unlink(_ waiter: Waiter<Request, Answer>) {
        let next = waiter.next
        let previous = waiter.previous
        waiter.next = nil
        waiter.previous = nil
        next?.previous = previous
        if next == nil { last = previous }
        count -= 1
        // Last, because it may be what holds the waiter.
        if let previous { previous.next = next } else { first = next }
    }

    deinit {}
}

/// A task in a `WaitQueue`.
package final class Waiter<Request: Sendable, Answer: Sendable>: Suspension {
    /// What it brought.
    package let request: Request
    /// Who came after it.
    package fileprivate(set) var next: Waiter?
    fileprivate unowned(unsafe) var previous: Waiter?
    fileprivate var answer: Answer?
    private let queue: WaitQueue<Request, Answer>

    init(request: Request, queue: WaitQueue<Request, Answer>) {
        self.request = request
        self.queue = queue
    }

    override func suspended() {
        queue.link(self)
    }

    override func cancelled() {
        queue.unlink(self)
    }

    deinit {}
}
