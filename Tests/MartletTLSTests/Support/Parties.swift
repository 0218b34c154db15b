import MartletLoop
import MartletNet

@testable import MartletTLS

/// An authority of the tests' own, and identities that it vouches for. Made once: keys take their time.
enum Authority {
    static let root = make("Test Root", [], isAuthority: true)
    static let intermediate = make("Test Intermediate", [], isAuthority: true, issuer: root)
    static let server = make("example.org", ["example.org", "*.example.org", "127.0.0.1", "::1"], issuer: root)
    static let rsa = make("example.org", ["example.org", "*.example.org"], isRSA: true, issuer: root)
    static let other = make("other.test", ["other.test"], issuer: root)
    static let client = make("client 1", [], issuer: root)

    static var trust: TLSTrust { .roots([root.certificate]) }

    static func make(
        _ commonName: String, _ names: [String], begins: Int64 = -60, ends: Int64 = 86_400, isAuthority: Bool = false,
        isRSA: Bool = false, issuer: TLSIdentity? = nil
    ) -> TLSIdentity {
        var request = CertificateRequest(commonName: commonName, names: names, begins: begins, ends: ends)
        request.isAuthority = isAuthority
        request.isRSA = isRSA
        request.issuer = issuer
        do {
            return try request.issue()
        } catch {
            fatalError("\(error)")
        }
    }
}

func serverContext(
    _ identities: [TLSIdentity] = [Authority.server], _ adjust: (inout TLSServerSettings) -> Void = { _ in }
) throws -> TLSServerContext {
    var settings = TLSServerSettings(identities: identities)
    adjust(&settings)
    return try TLSServerContext(settings)
}

func clientContext(_ adjust: (inout TLSClientSettings) -> Void = { _ in }) throws -> TLSClientContext {
    var settings = TLSClientSettings()
    settings.trust = Authority.trust
    adjust(&settings)
    return try TLSClientContext(settings)
}

/// Both ends of a connection after their handshake, or why there is none.
struct Meeting {
    let client: Result<ByteStream, any Error>
    let server: Result<ByteStream, any Error>

    var clientError: TLSError? { error(client) }
    var serverError: TLSError? { error(server) }

    private func error(_ result: Result<ByteStream, any Error>) -> TLSError? {
        if case .failure(let error) = result { return error as? TLSError }
        return nil
    }

    func close() {
        if case .success(let stream) = client { stream.close() }
        if case .success(let stream) = server { stream.close() }
    }
}

func meet(
    _ client: TLSClientContext, _ server: TLSServerContext, name: String = "example.org"
) async throws -> Meeting {
    let (clientEnd, serverEnd) = try ByteStream.pair()
    let serving = Task.immediate { () async -> Result<ByteStream, any Error> in
        do {
            try await serverEnd.startTLS(accepting: server)
            return .success(serverEnd)
        } catch {
            return .failure(error)
        }
    }
    let clientResult: Result<ByteStream, any Error>
    do {
        try await clientEnd.startTLS(client, serverName: name)
        clientResult = .success(clientEnd)
    } catch {
        clientResult = .failure(error)
    }
    return Meeting(client: clientResult, server: await serving.value)
}

/// Calls `body` with both ends of a connection.
func withSecured(
    _ client: TLSClientContext? = nil, _ server: TLSServerContext? = nil, name: String = "example.org",
    _ body: (_ client: ByteStream, _ server: ByteStream) async throws -> Void
) async throws {
    let meeting = try await meet(try client ?? clientContext(), try server ?? serverContext(), name: name)
    defer { meeting.close() }
    try await body(try meeting.client.get(), try meeting.server.get())
}

/// Returns once `condition` holds; `false` when it still does not after some seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else { return false }
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(1)) { done.resume() } }
    }
    return true
}

/// What `body` throws.
func thrown(by body: () async throws -> Void) async -> (any Error)? {
    do {
        try await body()
        return nil
    } catch {
        return error
    }
}

func tlsCode(of body: () async throws -> Void) async -> TLSError.Code? {
    (await thrown(by: body) as? TLSError)?.code
}
