import MartletServer

/// Knows what the other workers of a daemon are called in queues, so that when one crashes its jobs are taken over at
/// once, and not only after the visibility timeout.
final class QueueNeighbours {
    private var queues: [WorkQueue] = []
    private var names: [UInt64: String] = [:]
    private let worker: Worker

    private static let longestName = 256

    private init(_ worker: Worker) {
        self.worker = worker
        worker.bus?.listen(to: .queues) { [weak self] event in self?.hear(event) }
        introduce()
    }

    deinit {}

    /// The one of a worker.
    static func on(_ worker: Worker) -> QueueNeighbours {
        if let neighbours = worker.find(QueueNeighbours.self) { return neighbours }
        let neighbours = QueueNeighbours(worker)
        worker.provide(neighbours)
        return neighbours
    }

    func add(_ queue: WorkQueue) {
        queues.append(queue)
    }

    /// - Returns: whether there is still a supervisor that passes it on.
    @discardableResult
    private func introduce() -> Bool {
        worker.bus?.broadcast(Array(QueueRunner.worker.utf8), to: .queues) == true
    }

    private func hear(_ event: WorkerBusEvent) {
        switch event {
        case .message(let bytes, from: let identity):
            guard bytes.count <= Self.longestName else { return }
            names[identity] = String(decoding: bytes, as: UTF8.self)
        case .joined: introduce()
        case .left(let identity):
            // When the supervisor is gone all are said to have left, but they drain, as this one does.
            guard let name = names.removeValue(forKey: identity), introduce() else { return }
            for queue in queues {
                worker.background("jobs of \(name)") {
                    do {
                        // It may live, and only not be heard: then its jobs are its own for as long as it renews them.
                        guard try await WorkerName.isGone(name) else { return }
                        _ = try await queue.backEnd.release(all: name)
                    } catch let error as WorkQueueError where error.code == .closed {
                        // This worker ends as well.
                    }
                }
            }
        }
    }
}

extension WorkerBusService {
    /// Workers that run jobs.
    static nonisolated let queues = WorkerBusService(rawValue: 3)
}
