import HTTPTypes
import MartletClient
import MartletLoop
import MartletNet
import MartletServer
import MartletStore
import MartletStoreService

/// Servers with the routes of one store, each as a worker of its own, and a client.
final class StoreCase {
    let directory: String
    let client = HTTPClient(HTTPClientSettings())
    private var servers: [(server: HTTPServer, worker: Worker)] = []

    static func run(_ body: @MainActor (StoreCase) async throws -> Void) async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let fixture = StoreCase(directory)
            do { try await body(fixture) } catch {
                await fixture.end()
                throw error
            }
            await fixture.end()
        }
    }

    private init(_ directory: String) { self.directory = directory }

    deinit {}

    var settings: StoreServiceSettings { StoreServiceSettings(url: "sqlite:\(directory)/store.db") }

    /// Serves routes; returns where.
    func serve(_ add: (Router) throws -> Void) async throws -> String {
        let router = Router()
        try add(router)
        let worker = Worker()
        try await router.start(worker)
        let server = HTTPServer(router: router, worker: worker)
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        try server.listen(on: socket)
        servers.append((server, worker))
        return "http://\(socket.address)"
    }

    func serve(_ settings: StoreServiceSettings) async throws -> String {
        try await serve { try $0.store(at: "/kv/{key...}", settings) } + "/kv"
    }

    /// What the first of the servers has counted.
    func count(_ counter: HTTPCounter) -> UInt64 { servers[0].server.counters.load(counter) }

    private func end() async {
        await client.shutdown()
        for (server, worker) in servers {
            server.abort()
            await worker.finish()
        }
    }

    /// What was answered.
    struct Answer {
        let code: Int
        let fields: HTTPFields
        let text: String

        var tag: String? { fields[.eTag] }
    }

    func ask(
        _ method: HTTPRequest.Method, _ url: String, _ body: String? = nil, fields: HTTPFields = HTTPFields()
    ) async throws -> Answer {
        let response = try await client.execute(
            HTTPClientRequest(
                method, try HTTPURL(parsing: url), fields: fields, body: body.map { .text($0) } ?? .none))
        return Answer(code: response.code, fields: response.fields, text: try await response.text())
    }
}
