import Glibc
import Martlet
import MartletStore
import MartletStoreService

/// A slow function behind a cache that all workers share, and in which each value is made once for all who ask meanwhile.
///
///     cached run --listen 127.0.0.1:8080
///     curl http://127.0.0.1:8080/reports/today & curl http://127.0.0.1:8080/reports/today
///
/// `CACHED_STORE` names the store: `sqlite:/tmp/cached.db` unless it is set, or `redis://…` for several machines.
@main
struct CachedApp: Application {
    static func start(_ worker: Worker) async throws {
        let url = getenv("CACHED_STORE").map { String(cString: $0) } ?? "sqlite:/tmp/cached.db"
        // What can be made anew does not have to wait for the disk.
        let store = try await worker.openStore(url, isDurable: false)
        worker.provide(StoreCache(store, prefix: "report/", timeToLive: .seconds(10)))
    }

    static func routes(_ router: Router) {
        router.get("/reports/{name}") { request in
            let name: String = try request.parameters.value("name")
            let report = try await request.worker[StoreCache.self].value(for: name) {
                try await StoreValue(slowReport(name), type: Response.plainText)
            }
            return Response(bytes: report.bytes, contentType: report.type ?? Response.plainText)
        }
        router.delete("/reports/{name}") { request in
            try await request.worker[StoreCache.self].forget(try request.parameters.value("name"))
            return Response(status: .noContent)
        }
    }

    /// Takes half a second, and never says the same twice.
    private static func slowReport(_ name: String) async throws -> String {
        try await Task.sleep(for: .milliseconds(500))
        return "report \"\(name)\", number \(UInt64.random(in: 0 ... .max))\n"
    }
}
