import MartletLoop

extension Row {
    static let synchronization = [
        Row("queue", queue),
        Row("queue handoff", queueHandoff),
        Row("lock", lock),
        Row("lock contended", lockContended),
    ]

    private static func queue(_ count: Int) async throws {
        let items = Queue<Int>(maximumCount: 16)
        for index in 0..<count {
            try await items.put(index)
            _ = try await items.get()
        }
    }

    private static func queueHandoff(_ count: Int) async throws {
        let items = Queue<Int>(maximumCount: 1)
        let producer = Task {
            for index in 0..<count {
                try await items.put(index)
            }
        }
        for _ in 0..<count {
            _ = try await items.get()
        }
        try await producer.value
    }

    private static func lock(_ count: Int) async throws {
        let lock = Lock()
        for _ in 0..<count {
            try await lock.withLock {}
        }
    }

    private static func lockContended(_ count: Int) async throws {
        let lock = Lock()
        let contenders = (0..<10).map { _ in
            Task {
                for _ in 0..<count / 10 {
                    try await lock.withLock { await EventLoop.yield() }
                }
            }
        }
        for contender in contenders {
            try await contender.value
        }
    }
}
