import MartletHTTP
import Testing

@Suite("Client networks")
struct ClientNetworkTests {
    @Test(
        "an IPv4 address counts as itself, an IPv6 address as its first 64 bits",
        arguments: [
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true), ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:1", true), ("2001:db8::1", "2001:db8:0:1::1", false),
            ("fe80::1%eth0", "fe80::2%eth1", true), ("0.0.0.0", "::", false),
        ])
    func networks(one: String, other: String, same: Bool) throws {
        let first = try #require(ClientNetwork(one))
        #expect((first == ClientNetwork(other)) == same)
    }

    @Test("any length of prefix is taken as the nearest that there is")
    func prefixes() {
        #expect(ClientNetwork("2001:db8::1", prefix6: 0)?.bits == 0)
        #expect(ClientNetwork("2001:db8::1", prefix6: -5)?.bits == 0)
        #expect(ClientNetwork("2001:db8::1", prefix6: 1000)?.bits == (0x2001_0db8 as UInt128) << 96 | 1)
        #expect(ClientNetwork("192.0.2.1", prefix4: 24)?.bits == 0xC000_0200)
        #expect(ClientNetwork("192.0.2.1", prefix4: 0)?.bits == 0)
    }

    @Test("what is no address has no network", arguments: ["", "unix", "192.0.2", "[::1]", "::1:80:x", "1.2.3.4:80"])
    func none(text: String) {
        #expect(ClientNetwork(text) == nil)
    }
}
