// An application with everything that crosses worker processes: rate limits, metrics of its own, services. Driven by
// ObservabilityTests.
import CoreMetrics
import Martlet
import MartletLifecycle
import ServiceLifecycle
import Synchronization

@main
struct ObservedProgram: Application {
    static func start(_ worker: Worker) async throws {
        let service = Bookkeeper()
        worker.provide(service)
        worker.run(service, name: "bookkeeper", until: .lastRequest)
    }

    static func routes(_ router: Router) {
        router.use(RequestMetrics())
        router.use(RequestTracing())
        router.group("/limited") { limited in
            limited.use(RateLimit(10, per: .seconds(60)))
            limited.get("/") { _ in "passed" }
        }
        let jobs = Counter(label: "jobs.done", dimensions: [("queue", "mail \"a\"")])
        let state = Meter(label: "jobs.waiting")
        let sizes = Recorder(label: "jobs.size")
        router.post("/jobs") { _ in
            jobs.increment()
            state.set(3)
            sizes.record(1024)
            return "done"
        }
        router.post("/break") { request in
            request.worker[Bookkeeper.self].breaksNow.store(true, ordering: .relaxed)
            return "breaking"
        }
    }
}

/// A service that is there until it is told to finish, or breaks.
nonisolated final class Bookkeeper: Service {
    struct Broken: Error {}

    let breaksNow = Atomic(false)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .milliseconds(20))
                if self.breaksNow.load(ordering: .relaxed) { throw Broken() }
            }
        }
    }
}
