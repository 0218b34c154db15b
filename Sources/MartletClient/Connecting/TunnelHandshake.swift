import MartletHTTP
import MartletLoop
import MartletNet

/// Has a proxy make a tunnel: with CONNECT (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928).
final class TunnelHandshake {
    private let stream: ByteStream
    private let url: HTTPURL
    private let proxy: HTTPURL

    init(_ stream: ByteStream, to url: HTTPURL, through proxy: HTTPURL) {
        self.stream = stream
        self.url = url
        self.proxy = proxy
    }

    deinit {}

    /// Returns when the server of the URL is at the other end of the stream.
    ///
    /// - Throws: ``HTTPClientError``; `CancellationError`.
    func perform() async throws {
        do {
            if proxy.scheme.hasPrefix("socks") { try await speakSOCKS() } else { try await speakHTTP() }
        } catch let error as HandshakeError {
            throw failure(error.code, error.reason)
        } catch let error as SystemError {
            throw failure(.proxy, "ends the connection: \(SystemError.message(error.code))")
        }
    }

    private func failure(
        _ code: HTTPClientError.Code, _ reason: String, _ response: HandshakeResponse? = nil, body: String = ""
    ) -> HTTPClientError {
        var error = HTTPClientError(code, url: url, "the proxy \(proxy.authority) \(reason)", status: response?.status)
        error.excerpt = body
        error.retryAfter = response?.retryAfter
        return error.unsent
    }

    private func speakHTTP() async throws {
        var request = "CONNECT \(url.authority) HTTP/1.1\r\nHost: \(url.authority)\r\n"
        if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
        try await stream.write(request + "\r\n")
        let connection = HandshakeConnection(stream)
        let response = try await connection.readResponse(to: .connect)
        if response.status / 100 == 2 {
            guard connection.unread.isEmpty else {
                throw failure(.proxy, "sends something before the server can have been asked")
            }
            return
        }
        let body = await connection.readExcerpt(response.body)
        try Task.checkCancellation()
        if response.status == 407 {
            throw failure(
                .proxyUnauthorized, "wants other credentials than it got: \(response.statusText)", response, body: body)
        }
        throw failure(.proxy, "does not connect to \(url.authority): \(response.statusText)", response, body: body)
    }

    private func speakSOCKS() async throws {
        let credentials = proxy.authorization.flatMap { BasicCredentials(authorization: $0) }
        var handshake = SOCKS5Handshake(host: url.host, port: url.port, credentials: credentials)
        do throws(SOCKS5Error) {
            var step = handshake.start()
            while true {
                switch step {
                case .send(let bytes):
                    try await write(bytes)
                    step = .receive
                case .receive:
                    step = try handshake.received(try await read(atMost: handshake.wanted))
                case .done: return
                }
            }
        } catch {
            switch error.kind {
            case .protocol(let reason): throw failure(.proxy, reason)
            case .unauthorized(let reason): throw failure(.proxyUnauthorized, reason)
            case .other(let error): throw error
            }
        }
    }

    private func write(_ bytes: [UInt8]) async throws(SOCKS5Error) {
        do { try await stream.write(bytes) } catch { throw SOCKS5Error(kind: .other(error)) }
    }

    private func read(atMost count: Int) async throws(SOCKS5Error) -> [UInt8] {
        do {
            let bytes = try await stream.read(upTo: count)
            if bytes.isEmpty {
                throw SOCKS5Error(kind: .protocol("closes the connection before it has answered as SOCKS 5 has it"))
            }
            return bytes
        } catch {
            throw (error as? SOCKS5Error) ?? SOCKS5Error(kind: .other(error))
        }
    }
}
