import MartletLoop

extension Row {
    static let core = [
        Row("call_soon", callSoon),
        Row("spawn", spawn),
        Row("spawn x100", spawnMany),
        Row("future", future),
        Row("yield", yield),
        Row("yield x100", yieldMany),
    ]

    private static func callSoon(_ count: Int) async throws {
        for _ in 0..<count / 1000 {
            for _ in 0..<999 {
                EventLoop.main.callSoon {}
            }
            let done = Promise<Void>()
            EventLoop.main.callSoon { done.succeed(()) }
            try await done.future.value
        }
    }

    static func number(_ value: Int = 1) async -> Int { value }

    private static func spawn(_ count: Int) async {
        for _ in 0..<count {
            _ = await Task { await number() }.value
        }
    }

    private static func spawnMany(_ count: Int) async {
        for _ in 0..<count / 100 {
            for task in (0..<100).map({ _ in Task { await number() } }) {
                _ = await task.value
            }
        }
    }

    private static func future(_ count: Int) async throws {
        for _ in 0..<count {
            let answer = Promise<Int>()
            EventLoop.main.callSoon { answer.succeed(1) }
            _ = try await answer.future.value
        }
    }

    private static func yield(_ count: Int) async {
        for _ in 0..<count {
            await EventLoop.yield()
        }
    }

    private static func yieldMany(_ count: Int) async {
        for task in (0..<100).map({ _ in Task { await yield(count / 100) } }) {
            await task.value
        }
    }
}
