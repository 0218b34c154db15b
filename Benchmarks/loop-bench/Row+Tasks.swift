import MartletLoop

extension Row {
    static let tasks = [
        Row("gather", gatherThousands),
        Row("fan-out", fanOut),
        Row("offload", offloadNothing),
    ]

    private static func gatherThousands(_ count: Int) async throws {
        for _ in 0..<count / 1000 {
            _ = try await gather(0..<1000) { await number($0) }
        }
    }

    private static func fanOut(_ count: Int) async throws {
        let permits = Semaphore(permits: 10)
        for _ in 0..<count / 1000 {
            _ = try await gather(0..<1000) { _ in
                try await permits.withPermit { await EventLoop.yield() }
            }
        }
    }

    private static func offloadNothing(_ count: Int) async throws {
        for _ in 0..<count {
            try await offload {}
        }
    }
}
