import MartletClient
import MartletLoop
import MartletNet

/// A server that does what a test says, byte by byte.
final class RawServer {
    /// The requests, in their order.
    private(set) var requests: [RawRequest] = []
    /// Connections so far.
    private(set) var connections = 0
    /// Connections that are open.
    private(set) var open = 0
    private var server: StreamServer?

    /// - Parameter script: serves one connection; what it throws ends that.
    init(on address: SocketAddress = "127.0.0.1:0", _ script: @escaping (RawConnection) async throws -> Void) throws {
        server = try StreamServer(at: address) { [weak self] stream in
            guard let self else { return }
            connections += 1
            open += 1
            defer { open -= 1 }
            try? await script(RawConnection(stream, server: self, number: connections))
        }
    }

    /// A server that answers every request with the same bytes, and keeps its connections.
    static func answering(_ response: String) throws -> RawServer {
        try RawServer { connection in
            while try await connection.request() != nil { try await connection.write(response) }
        }
    }

    deinit {}

    var address: SocketAddress { server?.address ?? .any(port: 0) }
    /// `http://127.0.0.1:4711`
    var base: String { "http://\(address)" }

    func url(_ target: String = "/") throws -> HTTPURL { try HTTPURL(parsing: base + target) }

    func close() async { await server?.close(drainTime: .zero) }

    fileprivate func record(_ request: RawRequest) { requests.append(request) }
}

/// A request as it came.
nonisolated struct RawRequest: Sendable {
    let line: String
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }
    var method: String { String(line.prefix { $0 != " " }) }
    var target: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
}

/// One connection to it.
final class RawConnection {
    let stream: ByteStream
    let number: Int
    private let server: RawServer

    init(_ stream: ByteStream, server: RawServer, number: Int) {
        self.stream = stream
        self.server = server
        self.number = number
    }

    deinit {}

    /// The next request with its body, chunks taken apart; `nil` when the client closes.
    @discardableResult
    func request() async throws -> RawRequest? {
        guard let (line, fields) = try await head() else { return nil }
        var body: [UInt8] = []
        if let length = fields.first(where: { $0.name == "content-length" }).flatMap({ Int($0.value) }) {
            body = try await stream.read(exactly: length)
        } else if fields.contains(where: { $0.name == "transfer-encoding" }) {
            body = try await chunks()
        }
        let request = RawRequest(line: line, fields: fields, body: body)
        server.record(request)
        return request
    }

    /// The next head; its body is still to be read.
    func head() async throws -> (String, [(name: String, value: String)])? {
        guard let line = try await stream.readLine(), !line.isEmpty else { return nil }
        var fields: [(name: String, value: String)] = []
        while let field = try await stream.readLine(), !field.isEmpty {
            let parts = field.split(separator: ":", maxSplits: 1)
            fields.append((parts[0].lowercased(), parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""))
        }
        return (line, fields)
    }

    private func chunks() async throws -> [UInt8] {
        var body: [UInt8] = []
        while let line = try await stream.readLine(), let size = Int(line, radix: 16) {
            if size == 0 {
                while let trailer = try await stream.readLine(), !trailer.isEmpty {
                    body += Array("[\(trailer)]".utf8)
                }
                return body
            }
            body += try await stream.read(exactly: size)
            _ = try await stream.readLine()
        }
        throw CutOff()
    }

    private struct CutOff: Error {}

    func write(_ text: String) async throws { try await stream.write(text) }
    func write(_ bytes: [UInt8]) async throws { try await stream.write(bytes) }

    /// Waits until the client has closed.
    func waitForEnd() async throws {
        while try await !stream.read().isEmpty {}
    }
}
