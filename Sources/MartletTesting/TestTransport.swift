import MartletHTTP
import MartletNet
import MartletServer

/// Carries the bytes of one request to the server, and those of its response back.
protocol TestTransport: AnyObject {
    /// What the connection has become after a 101 response.
    var upgraded: ByteStream? { get }
    func send(_ bytes: [UInt8]) async throws
    /// Some bytes of the response; `nil` when there are no more.
    func receive() async throws -> [UInt8]?
    /// Cuts the connection in the middle of whatever goes on.
    func cut()
    /// The response is complete.
    func close()
    /// Returns when nothing works for this request any more, as far as that can be known.
    func waitUntilOver() async
}

/// To the code that serves connections, without one.
final class InProcessTransport: TestTransport {
    private let connection: InProcessConnection

    init(_ server: HTTPServer, from peer: SocketAddress) {
        connection = InProcessConnection(to: server, from: peer, at: "127.0.0.1:80")
        connection.begin()
    }

    deinit {}

    var upgraded: ByteStream? { connection.upgraded }

    func send(_ bytes: [UInt8]) async throws { connection.send(bytes) }

    func receive() async throws -> [UInt8]? { try await connection.receive() }

    func cut() {
        connection.upgraded?.close()
        connection.cut()
    }

    func close() {}

    func waitUntilOver() async { await connection.waitUntilOver() }
}

/// By TCP.
final class LiveTransport: TestTransport {
    private let stream: ByteStream

    private init(_ stream: ByteStream) {
        self.stream = stream
    }

    deinit {}

    static func connect(to address: SocketAddress, from peer: SocketAddress?) async throws -> LiveTransport {
        let stream = try await MartletNet.connect(to: address)
        guard let peer else { return LiveTransport(stream) }
        var header = ByteBuffer()
        let source = ProxyEndpoint(peer)
        // Both ends are of one family.
        ProxyHeaderEncoder.appendVersion2(ProxyHeader(source: source, destination: source), to: &header)
        do {
            try await stream.write(Array(header.readableBytes))
        } catch {
            stream.close()
            throw error
        }
        return LiveTransport(stream)
    }

    var upgraded: ByteStream? { stream }

    func send(_ bytes: [UInt8]) async throws { try await stream.write(bytes) }

    func receive() async throws -> [UInt8]? {
        let bytes = try await stream.read()
        return bytes.isEmpty ? nil : bytes
    }

    func cut() { stream.abort() }

    func close() { stream.close() }

    func waitUntilOver() async {}
}

extension ProxyEndpoint {
    fileprivate init(_ address: SocketAddress) {
        switch address {
        case .ipv4(let ip, let port): self = .ipv4(ip.bits, port: port)
        case .ipv6(let ip, let port, _): self = .ipv6(UInt128(ip.high) << 64 | UInt128(ip.low), port: port)
        default: self = .unspecified
        }
    }
}
