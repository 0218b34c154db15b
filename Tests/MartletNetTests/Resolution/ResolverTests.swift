import MartletLoop
import Testing

@testable import MartletNet

@Suite("Resolving names", .timeLimit(.minutes(5)))
struct ResolverTests {
    @Test("addresses in digits need no lookup, and are of their own family only")
    func numeric() async throws {
        let resolver = Resolver { query in
            Issue.record("\(query.host) is looked up")
            return []
        }
        for (host, expected) in [
            ("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("[2001:DB8::1]", "[2001:db8::1]:80"),
        ] as [(String, SocketAddress)] {
            #expect(try await resolver.addresses(of: host, port: 80) == [expected])
            #expect(try await resolver.addresses(of: host, service: "80") == [expected])
        }
        let error = await #expect(throws: ResolutionError.self) {
            try await resolver.addresses(of: "::1", family: .ipv4)
        }
        #expect(error?.code == .noAddress)
    }

    @Test("what is no name is refused", arguments: ["", "a\0b", "[]", String(repeating: "a", count: 255)])
    func invalid(host: String) async throws {
        let error = await #expect(throws: ResolutionError.self) { try await Resolver.shared.addresses(of: host) }
        #expect(error?.code == .invalidName)
    }

    @Test("an answer is remembered for its time, whatever port is asked for and however the name is written")
    func remembers() async throws {
        var lookups: [Resolver.Query] = []
        let resolver = Resolver { query in
            lookups.append(query)
            return ["192.0.2.1:0"]
        }
        try await withVirtualClock(advancesItself: false) { clock in
            #expect(try await resolver.addresses(of: "a.example", port: 80) == ["192.0.2.1:80"])
            #expect(try await resolver.addresses(of: "A.Example", port: 443) == ["192.0.2.1:443"])
            #expect(lookups.count == 1)
            _ = try await resolver.addresses(of: "a.example", family: .ipv4)
            #expect(lookups.map(\.family) == [.any, .ipv4])
            await clock.advance(by: .milliseconds(29_999))
            _ = try await resolver.addresses(of: "a.example")
            #expect(lookups.count == 2)
            await clock.advance(by: .milliseconds(1))
            _ = try await resolver.addresses(of: "a.example")
            #expect(lookups.count == 3)
            resolver.removeAll()
            _ = try await resolver.addresses(of: "a.example")
            #expect(lookups.count == 4)
        }
    }

    @Test(
        "that a name does not exist is remembered for a shorter time, and what may pass is not",
        arguments: [
            (ResolutionError.Code.notFound, 1, 2), (.noAddress, 1, 2), (.temporary, 2, 3), (.failed, 2, 3),
        ])
    func remembersFailures(code: ResolutionError.Code, atOnce: Int, later: Int) async throws {
        var lookups = 0
        let resolver = Resolver { query in
            lookups += 1
            throw ResolutionError(code, host: query.host, reason: "as the test says")
        }
        await withVirtualClock(advancesItself: false) { clock in
            for _ in 0..<2 {
                let error = await #expect(throws: ResolutionError.self) { try await resolver.addresses(of: "a") }
                #expect(error?.code == code)
            }
            #expect(lookups == atOnce)
            await clock.advance(by: .seconds(5))
            await #expect(throws: ResolutionError.self) { try await resolver.addresses(of: "a") }
            #expect(lookups == later)
        }
    }

    @Test("the cache holds no more than it may, and forgets what is oldest")
    func bounded() async throws {
        var lookups: [String] = []
        var limits = Resolver.Limits()
        limits.capacity = 2
        let resolver = Resolver(limits: limits) { query in
            lookups.append(query.host)
            return ["192.0.2.1:0"]
        }
        try await withVirtualClock(advancesItself: false) { clock in
            for host in ["a", "b", "c", "c", "b", "a"] {
                _ = try await resolver.addresses(of: host)
                await clock.advance(by: .milliseconds(1))
            }
        }
        #expect(lookups == ["a", "b", "c", "a"])
    }

    @Test("those who ask the same at the same time share one lookup, which outlives who is cancelled")
    func shares() async throws {
        let gate = Promise<Void>()
        var lookups = 0
        let resolver = Resolver { _ in
            lookups += 1
            try await gate.future.value
            return ["192.0.2.1:0"]
        }
        let first = Task.immediate { try await resolver.addresses(of: "a", port: 1) }
        let second = Task.immediate { try await resolver.addresses(of: "a", port: 2) }
        await settle()
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        gate.succeed(())
        #expect(try await second.value == ["192.0.2.1:2"])
        #expect(try await resolver.addresses(of: "a", port: 3) == ["192.0.2.1:3"])
        #expect(lookups == 1)
    }

    @Test("the system knows localhost, ports of services and names of addresses")
    func system() async throws {
        let resolver = Resolver()
        let addresses = try await resolver.addresses(of: "localhost", port: 80)
        #expect(addresses.contains("127.0.0.1:80"))
        #expect(try await resolver.addresses(of: "localhost", service: "https", family: .ipv4) == ["127.0.0.1:443"])
        #expect(try await resolver.name(of: "127.0.0.1:443").host.hasPrefix("localhost"))
        let service = await #expect(throws: ResolutionError.self) {
            try await resolver.addresses(of: "localhost", service: "no-such-service")
        }
        #expect(service?.description.hasPrefix("cannot resolve \"localhost\": ") == true)
    }

    @Test("a name that does not exist is named, with the system's words and advice")
    func errors() throws {
        let error = ResolutionError(host: "no.example", status: -2, errorNumber: 0)
        #expect(
            error.description
                == "cannot resolve \"no.example\": name or service not known; "
                + "check the spelling, and /etc/hosts or the name server"
        )
        #expect(ResolutionError(host: "x", status: -11, errorNumber: 24).reason == "too many open files")
        #expect(ResolutionError(host: "x", status: -3, errorNumber: 0).code == .temporary)
    }
}
