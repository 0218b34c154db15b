import HTTPTypes
import MartletClient
import MartletLoop
import Testing

@Suite("Retries")
struct RetryTests {
    private func client(
        attempts: Int, _ respond: @escaping @MainActor (Int) throws -> HTTPClientResponse
    ) -> (HTTPClient, MockTransport) {
        var settings = HTTPClientSettings()
        settings.retries = HTTPRetries(attempts: attempts)
        settings.retries.backoff = .constant(.milliseconds(1))
        var count = 0
        let transport = MockTransport { _ in
            count += 1
            return try respond(count)
        }
        return (HTTPClient(settings, transport: transport), transport)
    }

    private static func failing(_ code: HTTPClientError.Code, isUnsent: Bool = false) -> HTTPClientError {
        var error = HTTPClientError(code, url: "http://h/", "it failed")
        error.isUnsent = isUnsent
        return error
    }

    @Test("what may pass is tried again, as often as it is allowed")
    func attempts() async throws {
        let (client, transport) = client(attempts: 3) { count in
            switch count {
            case 1: throw Self.failing(.connectionLost)
            case 2: HTTPClientResponse(status: .serviceUnavailable)
            default: .text("ok")
            }
        }
        #expect(try await client.get("http://h/").text() == "ok")
        #expect(transport.requests.count == 3)
    }

    @Test("the last answer is the caller's, and so is the last error")
    func givingUp() async throws {
        let (client, transport) = client(attempts: 2) { _ in HTTPClientResponse(status: .badGateway) }
        #expect(try await client.get("http://h/").code == 502)
        #expect(transport.requests.count == 2)
        let (other, tries) = self.client(attempts: 4) { _ in throw Self.failing(.endedEarly) }
        #expect(await failure { try await other.get("http://h/") }?.code == .endedEarly)
        #expect(tries.requests.count == 4)
    }

    @Test("without having been asked for, nothing is tried again")
    func optIn() async throws {
        let transport = MockTransport { _ in throw Self.failing(.connectionLost) }
        let client = HTTPClient(transport: transport)
        _ = await failure { try await client.get("http://h/") }
        #expect(transport.requests.count == 1)
    }

    @Test("what is not idempotent is tried again only when it was not sent, or when it is said to be")
    func methods() async throws {
        for (isUnsent, count) in [(false, 1), (true, 3)] {
            let (client, transport) = client(attempts: 3) { _ in throw Self.failing(.connection, isUnsent: isUnsent) }
            _ = await failure { try await client.post("http://h/", body: "x") }
            #expect(transport.requests.count == count)
        }
        let (client, transport) = client(attempts: 3) { _ in HTTPClientResponse(status: .serviceUnavailable) }
        var request = HTTPClientRequest(.post, "http://h/")
        #expect(try await client.execute(request).code == 503)
        #expect(transport.requests.count == 1)
        var retries = HTTPRetries(attempts: 2)
        retries.methods.insert(.post)
        retries.backoff = .none
        request.retries = retries
        #expect(try await client.execute(request).code == 503)
        #expect(transport.requests.count == 3)
    }

    @Test(
        "errors that trying again does not mend are not tried again",
        arguments: [HTTPClientError.Code.tls, .malformedResponse, .tooLarge])
    func lost(_ code: HTTPClientError.Code) async throws {
        let (client, transport) = client(attempts: 3) { _ in throw Self.failing(code) }
        _ = await failure { try await client.get("http://h/") }
        #expect(transport.requests.count == 1)
    }

    @Test("Retry-After is waited for, unless that takes too long")
    func retryAfter() async throws {
        let (client, transport) = client(attempts: 2) { count in
            count == 1 ? HTTPClientResponse(status: .tooManyRequests, fields: [.retryAfter: "3600"]) : .text("ok")
        }
        #expect(try await client.get("http://h/").code == 429)
        #expect(transport.requests.count == 1)
        let (took, text) = try await withVirtualClock { _ in
            let (client, _) = self.client(attempts: 2) { count in
                count == 1 ? HTTPClientResponse(status: .tooManyRequests, fields: [.retryAfter: "30"]) : .text("ok")
            }
            let start = EventLoop.main.time()
            let text = try await client.get("http://h/").text()
            return (EventLoop.main.time() - start, text)
        }
        #expect(took >= .seconds(30) && text == "ok")
    }

    @Test("what a redirect behind it could not reach is not sent again")
    func redirectUnreachable() async throws {
        let (client, transport) = client(attempts: 3) { count in
            guard count > 1 else { return HTTPClientResponse(status: .seeOther, fields: [.location: "/done"]) }
            throw Self.failing(.connection, isUnsent: true)
        }
        var request = HTTPClientRequest(.post, "http://h/order", body: "1 bird")
        request.retries = HTTPRetries(attempts: 3)
        let error = await failure { try await client.execute(request) }
        #expect(error?.code == .connection && error?.isUnsent == false)
        #expect(transport.requests.map(\.method) == [.post, .get])
    }

    @Test("nothing is tried again beyond the time for everything")
    func deadline() async throws {
        var settings = HTTPClientSettings()
        settings.retries = HTTPRetries(attempts: 100)
        settings.retries.backoff = .constant(.seconds(60))
        settings.timeouts.total = .seconds(1)
        let transport = MockTransport { _ in throw Self.failing(.connectionLost) }
        let client = HTTPClient(settings, transport: transport)
        #expect(await failure { try await client.get("http://h/") }?.code == .connectionLost)
        #expect(transport.requests.count == 1)
    }
}
