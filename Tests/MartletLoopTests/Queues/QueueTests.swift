import MartletLoop
import Testing

@Suite("Queues")
struct QueueTests {
    @Test("each kind gives out in its order")
    func orders() async throws {
        let numbers = [3, 1, 2, 1, 5]
        #expect(try await drained(Queue<Int>(maximumCount: 5), numbers) == [3, 1, 2, 1, 5])
        #expect(try await drained(LifoQueue<Int>(maximumCount: 5), numbers) == [5, 1, 2, 1, 3])
        #expect(try await drained(PriorityQueue<Int>(maximumCount: 5), numbers) == [1, 1, 2, 3, 5])
    }

    private func drained<Storage: QueueStorage>(
        _ queue: AsyncQueue<Storage>, _ elements: [Storage.Element]
    ) async throws -> [Storage.Element] {
        for element in elements { try await queue.put(element) }
        #expect(queue.isFull)
        queue.shutDown()
        var got: [Storage.Element] = []
        for try await element in queue { got.append(element) }
        return got
    }

    @Test("equal priorities keep the order in which they came, also when some have left meanwhile")
    func stable() async throws {
        let queue = PriorityQueue<Prioritized<Int, Int>>.unbounded()
        var generator = SeededGenerator(state: 7)
        var expected: [(priority: Int, number: Int)] = []
        for number in 0..<500 {
            let priority = Int.random(in: 0..<5, using: &generator)
            try await queue.put(Prioritized(priority, number))
            expected.append((priority, number))
            if number.isMultiple(of: 3) {
                expected.sort { ($0.priority, $0.number) < ($1.priority, $1.number) }
                #expect(try await queue.get().value == expected.removeFirst().number)
            }
        }
        expected.sort { ($0.priority, $0.number) < ($1.priority, $1.number) }
        for next in expected { #expect(try await queue.get().value == next.number) }
        #expect(queue.isEmpty)
    }

    @Test("neither put nor get suspends while there is room or an element")
    func uncontended() async throws {
        let queue = Queue<Int>(maximumCount: 2)
        try await expectNoSuspension {
            try await queue.put(1)
            try await queue.put(2)
            #expect(try await queue.get() == 1)
            var iterator = queue.makeAsyncIterator()
            #expect(try await iterator.next() == 2)
        }
    }

    @Test("a full queue makes putters wait, and gives them room in their order")
    func backPressure() async throws {
        let queue = Queue<Int>(maximumCount: 1)
        try await queue.put(0)
        #expect(try !queue.tryPut(9))
        let putters = (1...3).map { number in Task.immediate { try await queue.put(number) } }
        #expect(queue.waitingPutters == 3)
        #expect(queue.count == 1)
        for number in 0...3 { #expect(try await queue.get() == number) }
        for putter in putters { try await putter.value }
        #expect(try queue.tryGet() == nil)
    }

    @Test("an element goes straight to the task that has waited longest")
    func handOff() async throws {
        let queue = Queue<Int>(maximumCount: 1)
        var got: [Int] = []
        let getters = (0..<3).map { _ in Task.immediate { got.append(try await queue.get()) } }
        #expect(queue.waitingGetters == 3)
        for number in 0..<3 { #expect(try queue.tryPut(number)) }
        #expect(queue.isEmpty)
        #expect(queue.unfinishedCount == 3)
        for getter in getters { try await getter.value }
        #expect(got == [0, 1, 2])
    }

    @Test("join waits until every element is done, not only got")
    func join() async throws {
        let queue = Queue<Int>.unbounded()
        try await expectNoSuspension { try await queue.join() }
        for number in 0..<3 { try await queue.put(number) }
        var isJoined = false
        let joining = Task.immediate {
            try await queue.join()
            isJoined = true
        }
        for _ in 0..<3 {
            _ = try await queue.get()
            await Task.yield()
            #expect(!isJoined)
            queue.taskDone()
        }
        try await joining.value
        #expect(queue.unfinishedCount == 0)
    }

    @Test("shut down, it gives out what is left and takes nothing")
    func shutDown() async throws {
        let queue = Queue<Int>(maximumCount: 2)
        try await queue.put(1)
        try await queue.put(2)
        let putter = Task.immediate { try await queue.put(3) }
        queue.shutDown()
        #expect(queue.isShutDown)
        await #expect(throws: QueueError.self) { try await putter.value }
        await #expect(throws: QueueError.self) { try await queue.put(4) }
        #expect(throws: QueueError.self) { try queue.tryPut(4) }
        #expect(try await queue.get() == 1)
        #expect(try queue.tryGet() == 2)
        await #expect(throws: QueueError.self) { try await queue.get() }
        #expect(throws: QueueError.self) { try queue.tryGet() }
        let joining = Task.immediate { try await queue.join() }
        queue.taskDone()
        queue.taskDone()
        try await joining.value
    }

    @Test("shut down while it is empty, those who wait for elements get the end")
    func shutDownEmpty() async throws {
        let queue = Queue<Int>(maximumCount: 2)
        let getter = Task.immediate { try await queue.get() }
        let reader = Task.immediate { for try await _ in queue {} }
        queue.shutDown()
        queue.shutDown()
        await #expect(throws: QueueError.self) { try await getter.value }
        try await reader.value
    }

    @Test("shut down immediately, what is left is dropped and counts as done")
    func shutDownImmediately() async throws {
        let queue = Queue<Int>(maximumCount: 3)
        for number in 0..<3 { try await queue.put(number) }
        _ = try await queue.get()
        let joining = Task.immediate { try await queue.join() }
        queue.shutDown(immediately: true)
        #expect(queue.isEmpty)
        #expect(queue.unfinishedCount == 1)
        await #expect(throws: QueueError.self) { try await queue.get() }
        queue.taskDone()
        try await joining.value
    }

    @Test("several readers share the elements, and end together")
    func readersShare() async throws {
        let queue = Queue<Int>(maximumCount: 4)
        var got: [[Int]] = [[], [], []]
        let readers = (0..<3).map { reader in
            Task.immediate {
                for try await element in queue {
                    got[reader].append(element)
                    await Task.yield()
                }
            }
        }
        for number in 0..<30 { try await queue.put(number) }
        queue.shutDown()
        for reader in readers { try await reader.value }
        #expect(got.joined().sorted() == Array(0..<30))
        for share in got { #expect(share.count == 10) }
    }

    @Test("producers and consumers that are cancelled at random lose nothing and double nothing", arguments: 0..<20)
    func randomCancellation(seed: Int) async throws {
        var generator = SeededGenerator(state: UInt64(seed))
        let queue = Queue<Int>(maximumCount: Int.random(in: 1...3, using: &generator))
        var put: [Int] = []
        var got: [Int] = []
        let producers = (0..<8).map { producer in
            Task {
                for number in 0..<10 {
                    try await queue.put(producer * 10 + number)
                    put.append(producer * 10 + number)
                    if number.isMultiple(of: 3) { await Task.yield() }
                }
            }
        }
        let consumers = (0..<8).map { _ in
            Task {
                while true {
                    got.append(try await queue.get())
                    await Task.yield()
                }
            }
        }
        for _ in 0..<12 {
            await Task.yield()
            if Bool.random(using: &generator) {
                producers.randomElement(using: &generator)?.cancel()
            } else {
                consumers.dropLast().randomElement(using: &generator)?.cancel()
            }
        }
        for producer in producers { _ = await producer.result }
        queue.shutDown()
        for consumer in consumers { _ = await consumer.result }
        #expect(got.sorted() == put.sorted())
        #expect(queue.waitingGetters == 0 && queue.waitingPutters == 0 && queue.isEmpty)
    }

    @Test("misuse ends the program and names the place")
    func misuse() async {
        let done = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { Queue<Int>(maximumCount: 1).taskDone() }
        }
        expect(done, says: "taskDone was called more often", "QueueTests.swift:\(#line - 3)")
        let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await MainActor.run { _ = Queue<Int>(maximumCount: 0) }
        }
        expect(empty, says: "a queue for 0 elements holds none", ".unbounded()", "QueueTests.swift:\(#line - 3)")
    }
}
