import MartletLoop
import Testing

@Suite("Task-local values and callbacks")
struct TaskLocalTests {
    @Test("callSoon, callLater, callAt and callSoonThreadsafe keep the values of who called them")
    func keptByCallbacks() async {
        for way in Self.ways.indices {
            let seen = await Request.$id.withValue(42) { await idSeen(way) }
            #expect(seen == 42)
        }
    }

    @Test("a task without values sees none in its callbacks")
    func nothingToKeep() async {
        for way in Self.ways.indices {
            let task = Task.detached { await idSeen(way) }
            #expect(await task.value == nil)
        }
    }

    @Test("callbacks keep their order, with values or without")
    func order() async {
        var calls: [Int] = []
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            Request.$id.withValue(1) { EventLoop.main.callSoon { calls.append(1) } }
            EventLoop.main.callSoon { calls.append(2) }
            Request.$id.withValue(3) { EventLoop.main.callSoon { calls.append(3) } }
            EventLoop.main.callSoon { done.resume() }
        }
        #expect(calls == [1, 2, 3])
    }

    @Test("a timer that is cancelled keeps nothing")
    func cancelledTimer() async {
        weak var kept: Value?
        do {
            let value = Value()
            kept = value
            let timer = Request.$value.withValue(value) { EventLoop.main.callLater(.seconds(3600)) {} }
            timer.cancel()
        }
        while kept != nil { await Task.yield() }
    }

    fileprivate static let ways: [(@escaping @MainActor @Sendable () -> Void) -> Void] = [
        { EventLoop.main.callSoon($0) },
        { action in EventLoop.main.callLater(.milliseconds(1)) { action() } },
        { action in EventLoop.main.callAt(.readClock()) { action() } },
        { EventLoop.callSoonThreadsafe($0) },
    ]
}

/// What a callback sees that is queued in one of the ways.
private func idSeen(_ way: Int) async -> Int? {
    await withUnsafeContinuation { done in TaskLocalTests.ways[way]({ done.resume(returning: Request.id) }) }
}

private nonisolated enum Request {
    @TaskLocal static var id: Int?
    @TaskLocal static var value: Value?
}

private nonisolated final class Value: Sendable {}
