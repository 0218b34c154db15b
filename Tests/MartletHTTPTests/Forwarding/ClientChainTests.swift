import Testing

@testable import MartletHTTP

@Suite("The client behind proxies")
struct ClientChainTests {
    @Test(
        "the walk ends at the first address that is not trusted",
        arguments: [
            ("203.0.113.9", "", "203.0.113.9", 0), ("203.0.113.9", "1.1.1.1", "203.0.113.9", 0),
            ("10.0.0.1", "", "10.0.0.1", 0),
            ("10.0.0.1", "1.1.1.1", "1.1.1.1", 1), ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1", 1),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1", 2), ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", 2),
            ("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1", 0), ("10.0.0.1", "1.1.1.1, junk, 10.0.0.2", "10.0.0.2", 1),
            ("10.0.0.1", "1.1.1.1, _hidden", "10.0.0.1", 0), ("::ffff:10.0.0.1", "[2001:db8::1]:99", "2001:db8::1", 1),
        ])
    func walks(_ peer: String, _ field: String, _ address: String, _ hops: Int) throws {
        let trusted = try #require(AddressPrefix("10.0.0.0/8"))
        let client = ClientChain.resolve(peer: peer, nodes: XForwarded(for: field).nodes, isTrusted: trusted.contains)
        #expect(client.address == address)
        #expect(client.hops == hops)
    }

    @Test("Forwarded names the client as well, with its port")
    func forwarded() {
        let forwarded = Forwarded("for=6.6.6.6, for=\"[2001:db8::1]:99\";proto=https")
        let client = ClientChain.resolve(peer: "10.0.0.1", nodes: forwarded.nodes) { $0 == "10.0.0.1" }
        #expect(client.address == "2001:db8::1")
        #expect(client.port == 99)
        #expect(forwarded.elements[forwarded.elements.count - client.hops].scheme == "https")
    }

    @Test("no more proxies are walked back than the limit")
    func limit() {
        let nodes = (0..<50).map { ForwardedNode("10.0.0.\($0)") }
        var asked = 0
        let client = ClientChain.resolve(peer: "10.0.1.1", nodes: nodes, hopLimit: 3) { _ in
            asked += 1
            return true
        }
        #expect(client.hops == 3 && asked == 3)
        #expect(client.address == "10.0.0.47")
    }
}
