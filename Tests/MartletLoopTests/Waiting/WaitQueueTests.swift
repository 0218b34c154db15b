import MartletLoop
import Testing

@Suite("Wait queues")
struct WaitQueueTests {
    @Test("waiters are answered in the order in which they came")
    func order() async throws {
        let queue = WaitQueue<Int, String>()
        let tasks = (0..<3).map { number in Task.immediate { try await queue.wait(number) } }
        #expect(queue.count == 3)
        #expect(queue.first?.request == 0)
        #expect(queue.first?.next?.request == 1)
        for answer in ["a", "b", "c"] { #expect(queue.answerFirst(answer)) }
        #expect(!queue.answerFirst("d"))
        var answers: [String] = []
        for task in tasks { answers.append(try await task.value) }
        #expect(answers == ["a", "b", "c"])
    }

    @Test("any subset can be cancelled, in any order, and the rest is answered", arguments: 0..<32)
    func cancelledSubset(subset: Int) async throws {
        for reversed in [false, true] {
            let queue = WaitQueue<Int, Int>()
            let tasks = (0..<5).map { number in Task.immediate { try await queue.wait(number) } }
            let cancelled = (0..<5).filter { subset >> $0 & 1 == 1 }
            for number in reversed ? cancelled.reversed() : cancelled { tasks[number].cancel() }
            #expect(queue.count == 5 - cancelled.count)
            var answer = 100
            while queue.answerFirst(answer) { answer += 1 }
            #expect(queue.isEmpty && queue.count == 0)
            var expected = 100
            for (number, task) in tasks.enumerated() {
                if cancelled.contains(number) {
                    await #expect(throws: CancellationError.self) { try await task.value }
                } else {
                    #expect(try await task.value == expected)
                    expected += 1
                }
            }
        }
    }

    @Test("one that was answered is not cancelled any more")
    func answeredThenCancelled() async throws {
        let queue = WaitQueue<Void, Int>()
        let task = Task.immediate { try await queue.wait(()) }
        queue.answerFirst(1)
        task.cancel()
        #expect(try await task.value == 1)
    }

    @Test("one in the middle can be answered, once")
    func answeredOutOfOrder() async throws {
        let queue = WaitQueue<Int, Int>()
        let tasks = (0..<3).map { number in Task.immediate { try await queue.wait(number) } }
        let middle = try #require(queue.first?.next)
        queue.answer(middle, 10)
        queue.answer(middle, 11)
        queue.answerAll(12)
        var answers: [Int] = []
        for task in tasks { answers.append(try await task.value) }
        #expect(answers == [12, 10, 12])
    }

    @Test("one that must not be cancelled waits on")
    func uncancellable() async {
        let queue = WaitQueue<Void, Int>()
        let task = Task.immediate { await queue.waitUncancellably(()) }
        task.cancel()
        #expect(queue.count == 1)
        queue.answerFirst(5)
        #expect(await task.value == 5)
    }
}
