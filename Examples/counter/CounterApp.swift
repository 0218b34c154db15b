import Glibc
import Martlet
import MartletStore
import MartletStoreService

/// A service that counts, in a store that all its workers share and that outlives them.
///
///     counter run --listen 127.0.0.1:8080
///     curl -X POST http://127.0.0.1:8080/counters/visits
///     curl http://127.0.0.1:8080/counters/visits
///
/// `COUNTER_STORE` names the store: `sqlite:/tmp/counter.db` unless it is set, or `redis://…` for several machines.
@main
struct CounterApp: Application {
    static func start(_ worker: Worker) async throws {
        let url = getenv("COUNTER_STORE").map { String(cString: $0) } ?? "sqlite:/tmp/counter.db"
        worker.provide(Counters(store: try await worker.openStore(url)))
    }

    static func routes(_ router: Router) {
        router.get("/counters/{name}") { request in
            try await request.worker[Counters.self].count(try request.parameters.value("name"))
        }
        router.post("/counters/{name}") { request in
            try await request.worker[Counters.self].add(1, to: try request.parameters.value("name"))
        }
        router.delete("/counters/{name}") { request in
            try await request.worker[Counters.self].forget(try request.parameters.value("name"))
            return Response(status: .noContent)
        }
    }
}

/// What the service counts.
struct Counters {
    let store: any KeyValueStore

    nonisolated struct Count: Codable {
        var name: String
        var count: Int64
    }

    func count(_ name: String) async throws -> Count {
        Count(name: name, count: try await store.get("counter/\(name)")?.value.number ?? 0)
    }

    func add(_ amount: Int64, to name: String) async throws -> Count {
        Count(name: name, count: try await store.increment("counter/\(name)", by: amount))
    }

    func forget(_ name: String) async throws {
        try await store.remove("counter/\(name)")
    }
}
