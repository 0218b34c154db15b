/// Carries elements from tasks that put them in to tasks that get them out, and makes the ones wait while it is full,
/// the others while it is empty: `Queue`, `LifoQueue` and `PriorityQueue` are this, each with an order of its own.
///
/// ```swift
/// let jobs = Queue<Job>(maximumCount: 100)
/// Task { for try await job in jobs { await run(job); jobs.taskDone() } }
/// try await jobs.put(job)
/// try await jobs.join()      // all that was put in is done
/// jobs.shutDown()            // ends the loop above
/// ```
///
/// A queue has a bound, and there is no default for it: one that grows hides that its consumers are too slow until
/// memory ends. Where asyncio's `Queue()` stood, think of a number; where there is none, say `.unbounded()`.
///
/// Fair: tasks get elements, or room for theirs, in the order in which they asked. An element goes straight to the task
/// that waits for it; it is neither lost nor given out twice, whoever is cancelled. For a rendezvous, or to wait for
/// several sources at once, use a `Channel`.
///
/// Neither `put` nor `get` suspends or allocates when there is room or an element; together they cost about 20 ns.
public final class AsyncQueue<Storage: QueueStorage> {
    /// What is queued.
    public typealias Element = Storage.Element

    /// How many elements it holds at most; `Int.max` when it has no bound.
    public let maximumCount: Int
    /// Whether `shutDown` was called.
    public private(set) var isShutDown = false

    /// Somebody waits in here only while the queue is empty …
    private let getters = WaitQueue<Void, Element?>()
    /// … and in here only while it is full. The answer is whether the element was taken.
    private let putters = WaitQueue<Element, Bool>()
    private let joiners = WaitQueue<Void, Void>()
    @usableFromInline var unfinished = 0
    @usableFromInline var storage = Storage()

    /// An empty queue for at most `maximumCount` elements, at least one.
    public init(maximumCount: Int, file: StaticString = #fileID, line: UInt = #line) {
        guard maximumCount > 0 else {
            fatalError(
                "a queue for \(maximumCount) elements holds none: give it room for 1 or more, or make it .unbounded()",
                file: file, line: line)
        }
        self.maximumCount = maximumCount
    }

    /// A queue that takes elements as long as there is memory: `put` never waits. Only for what is bounded elsewhere.
    public static func unbounded() -> AsyncQueue {
        AsyncQueue(maximumCount: .max)
    }

    /// How many elements it holds.
    public var count: Int { storage.count }
    /// Whether `get` would wait.
    public var isEmpty: Bool { storage.count == 0 }
    /// Whether `put` would wait.
    public var isFull: Bool { storage.count >= maximumCount }
    /// How many elements were put in for which `taskDone` was not called yet: what `join` waits for.
    public var unfinishedCount: Int { unfinished }
    /// How many tasks wait for an element.
    public var waitingGetters: Int { getters.count }
    /// How many tasks wait for room.
    public var waitingPutters: Int { putters.count }

    // MARK: Putting and getting

    /// Puts an element in, once there is room for it.
    ///
    /// - Throws: `QueueError` when the queue was shut down, or is while the task waits; `CancellationError` when the
    ///   task is cancelled and has to wait. The element was not taken in either case.
    @inlinable
    public nonisolated(nonsending) func put(_ element: Element) async throws {
        if ifOnLoop((self, element), { $0.0.insertsAtOnce($0.1) }) == true { return }
        try await putInTurn(element)
    }

    /// Gets the element whose turn it is, once there is one.
    ///
    /// - Throws: `QueueError` when the queue was shut down and nothing is left in it; `CancellationError` when the task
    ///   is cancelled and has to wait. An element that is there is given to a cancelled task as well.
    @inlinable
    public nonisolated(nonsending) func get() async throws -> Element {
        if let element = ifOnLoop(self, { $0.removesAtOnce() }) ?? nil { return element }
        guard let element = try await nextInTurn() else { throw QueueError(.shutDown) }
        return element
    }

    /// Puts an element in if there is room, without waiting.
    ///
    /// - Returns: whether it was taken; `false` when the queue is full.
    /// - Throws: `QueueError` when the queue was shut down.
    public func tryPut(_ element: Element) throws(QueueError) -> Bool {
        guard !isShutDown else { throw QueueError(.shutDown) }
        if getters.answerFirst(element) {
            unfinished &+= 1
            return true
        }
        guard !isFull else { return false }
        storage.insert(element)
        unfinished &+= 1
        return true
    }

    /// Gets the element whose turn it is if there is one, without waiting.
    ///
    /// - Returns: the element; `nil` when the queue is empty.
    /// - Throws: `QueueError` when the queue was shut down and nothing is left in it.
    public func tryGet() throws(QueueError) -> Element? {
        if let element = remove() { return element }
        guard !isShutDown else { throw QueueError(.shutDown) }
        return nil
    }

    // MARK: Work that is done

    /// Says that what one `get` gave out is done, for `join`.
    ///
    /// Ends the program, naming the place that called, when that was said for every element already.
    public func taskDone(file: StaticString = #fileID, line: UInt = #line) {
        guard unfinished > 0 else {
            fatalError(
                "taskDone was called more often than elements were put into the queue; call it once for each get",
                file: file, line: line)
        }
        unfinished &-= 1
        if unfinished == 0 { joiners.answerAll(()) }
    }

    /// Waits until `taskDone` was called for every element that was put in; returns at once when nothing is unfinished.
    /// What waits for room in a full queue is not in it yet.
    ///
    /// - Throws: `CancellationError` when the task is cancelled and has to wait.
    public func join() async throws(CancellationError) {
        if unfinished > 0 { try await joiners.wait(()) }
    }

    // MARK: The end

    /// Takes nothing any more: those who put, or wait to, get a `QueueError`; those who get are given what is left, and
    /// then a `QueueError`, or the end of their `for await`. As asyncio does since 3.13.
    ///
    /// - Parameter immediately: whether to drop what is left; it counts as done for `join`.
    public func shutDown(immediately: Bool = false) {
        isShutDown = true
        if immediately { dropAll() }
        putters.answerAll(false)
        getters.answerAll(nil)
    }

    private func dropAll() {
        while storage.removeNext() != nil {
            // It may have been called for elements that nobody got.
            if unfinished > 0 { unfinished &-= 1 }
        }
        if unfinished == 0 { joiners.answerAll(()) }
    }

    // MARK: The ways in and out

    /// Whether a put or a get concerns nobody but its caller and the storage.
    @usableFromInline var isQuiet: Bool { getters.isEmpty && putters.isEmpty && !isShutDown }

    @inlinable
    func insertsAtOnce(_ element: Element) -> Bool {
        guard isQuiet, storage.count < maximumCount else { return false }
        storage.insert(element)
        unfinished &+= 1
        return true
    }

    @inlinable
    func removesAtOnce() -> Element? {
        isQuiet ? storage.removeNext() : nil
    }

    @usableFromInline
    func putInTurn(_ element: Element) async throws {
        if try tryPut(element) { return }
        guard try await putters.wait(element) else { throw QueueError(.shutDown) }
    }

    /// - Returns: `nil` when the queue was shut down and nothing is left in it.
    @usableFromInline
    func nextInTurn() async throws(CancellationError) -> Element? {
        if let element = remove() { return element }
        return isShutDown ? nil : try await getters.wait(())
    }

    /// Takes out what is next, and lets the one in that has waited longest for room.
    private func remove() -> Element? {
        guard let element = storage.removeNext() else { return nil }
        if let putter = putters.first {
            storage.insert(putter.request)
            unfinished &+= 1
            putters.answer(putter, true)
        }
        return element
    }
}
