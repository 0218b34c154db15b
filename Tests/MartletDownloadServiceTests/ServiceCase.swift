import HTTPTypes
import MartletClient
import MartletDownloadPlan
import MartletDownloadService
import MartletLoop
import MartletNet
import MartletServer
import Testing

/// A server of files, and workers that have the same database; each worker serves its routes on a port of its own.
final class ServiceCase {
    let directory: String
    var settings: DownloadServiceSettings
    /// What servers are asked with; a resolver of a test's own, say.
    var clientSettings = HTTPClientSettings()
    /// Requests that the origin has got: target and first byte.
    private(set) var requests: [String] = []
    /// What the origin waits for before it sends the second half of a file whose name begins with `slow`.
    let gate = Event()
    let client = HTTPClient(HTTPClientSettings())
    private var origin: StreamServer?
    private var servers: [(server: HTTPServer, worker: Worker)] = []

    nonisolated static let content = [UInt8](repeating: 7, count: 200_000)

    static func run(_ body: @MainActor (ServiceCase) async throws -> Void) async throws {
        try await FileSystem.withTemporaryDirectory(in: "/dev/shm") { directory in
            let fixture = try ServiceCase(directory)
            do { try await body(fixture) } catch {
                await fixture.end()
                throw error
            }
            await fixture.end()
        }
    }

    private init(_ directory: String) throws {
        self.directory = directory
        let hosts = ["127.0.0.1", "localhost", "rebound.test"].compactMap { DownloadHostPattern($0) }
        settings = DownloadServiceSettings(
            directory: directory + "/files", hosts: hosts, database: directory + "/jobs.db")
        settings.allowsPrivate = true
        settings.segments = 1
        origin = try StreamServer(at: "127.0.0.1:0") { [unowned self] stream in try await serve(stream) }
    }

    deinit {}

    private func serve(_ stream: ByteStream) async throws {
        let line = try await stream.readLine() ?? ""
        var start = 0
        while let field = try await stream.readLine(), !field.isEmpty {
            guard field.lowercased().hasPrefix("range: bytes=") else { continue }
            start = Int(field.dropFirst("range: bytes=".count).prefix { $0.isNumber }) ?? 0
        }
        let target = String(line.split(separator: " ").dropFirst().first ?? "")
        requests.append("\(target) \(start)")
        switch target {
        case "/missing": return try await stream.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        case "/inward":
            return try await stream.write(
                "HTTP/1.1 302 Found\r\nLocation: http://localhost:\(port)/secret\r\nContent-Length: 0\r\n\r\n")
        default: break
        }
        let content = Self.content
        if target.hasPrefix("/unknown") || target.hasPrefix("/slow-unknown") {
            try await stream.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            try await stream.write(Array(content[..<100_000]))
            if target.hasPrefix("/slow") { try await gate.wait() }
            return try await stream.write(Array(content[100_000...]))
        }
        let status = start > 0 ? "206 Partial Content" : "200 OK"
        let range = start > 0 ? "Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)\r\n" : ""
        try await stream.write(
            "HTTP/1.1 \(status)\r\nContent-Length: \(content.count - start)\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n"
                + "Connection: close\r\n\(range)\r\n")
        try await stream.write(Array(content[start..<max(start, 100_000)]))
        if target.hasPrefix("/slow") { try await gate.wait() }
        if target.hasPrefix("/slow-broken") { return }
        try await stream.write(Array(content[max(start, 100_000)...]))
    }

    var port: UInt16 { origin?.address.port ?? 0 }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// A worker that serves; it has no bus, as with `run --foreground`.
    @discardableResult
    func worker() async throws -> String {
        let router = Router()
        try router.downloads(at: "/downloads", settings, client: clientSettings)
        let worker = Worker()
        try await router.start(worker)
        let server = HTTPServer(router: router, worker: worker)
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        try server.listen(on: socket)
        servers.append((server, worker))
        return "http://\(socket.address)/downloads"
    }

    /// Ends a worker as at a reload.
    func drain(_ index: Int) async {
        servers[index].server.abort()
        await servers[index].worker.finish()
    }

    private func end() async {
        gate.set()
        for index in servers.indices { await drain(index) }
        await client.shutdown()
        await origin?.close(drainTime: .zero)
    }

    func post(_ address: String, _ body: String) async throws -> (code: Int, text: String) {
        let response = try await client.post(
            try HTTPURL(parsing: address), fields: [.contentType: "application/json"], body: .text(body))
        return (response.code, try await response.text())
    }

    func job(_ address: String, _ id: Int) async throws -> DownloadJob? {
        let response = try await client.get("\(address)/\(id)")
        return response.code == 200 ? try await response.json(DownloadJob.self) : nil
    }

    /// Waits until a job is in a state.
    func wait(_ address: String, _ id: Int, _ state: DownloadJob.State) async throws -> DownloadJob {
        var seen: DownloadJob?
        try await until("job \(id) is \(state), and not \(seen as Any)") {
            seen = try await job(address, id)
            return seen?.state == state
        }
        guard let seen else { throw TooLate(description: "job \(id) is gone") }
        return seen
    }

    /// Waits until something is so.
    func until(_ what: @autoclosure () -> String, _ isSo: () async throws -> Bool) async throws {
        let deadline = EventLoop.Instant.readClock() + .seconds(60)
        while try await !isSo() {
            guard EventLoop.Instant.readClock() < deadline else { throw TooLate(description: "not in time: \(what())") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    struct TooLate: Error, CustomStringConvertible { let description: String }
}
