import Testing

@testable import MartletHTTP

@Suite("Address prefixes")
struct AddressPrefixTests {
    @Test(
        "addresses are in a prefix or not",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3/8", "10.9.9.9", true),
            ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false), ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false), ("192.0.2.0/31", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false), ("::1", "::1", true), ("::1", "0:0:0:0:0:0:0:1", true),
            ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.1", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fe80::/10", "fe80::1%eth0", true), ("fe80::/10", "fe80::1%", false),
            ("10.0.0.0/8", "10.0.0.1%eth0", false),
            ("10.0.0.0/8", "10.0.0.1\0", false), ("10.0.0.0/8", "", false), ("10.0.0.0/8", "10.0.0.1:80", false),
            ("10.0.0.0/8", "unix", false), ("2001:db8::/127", "2001:db8::2", false), ("10.0.0.0/8", "010.0.0.1", false),
        ])
    func contains(_ prefix: String, _ address: String, _ isInside: Bool) throws {
        #expect(try #require(AddressPrefix(prefix)).contains(address) == isInside)
    }

    @Test(
        "what is no prefix is none",
        arguments: [
            "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
            "10.0.0/8",
            "example.com", "[::1]", "10.0.0.0/99999999999999999999", "10.0.0.0 /8", ":::/8", "256.0.0.1", "é",
        ])
    func refuses(_ text: String) {
        #expect(AddressPrefix(text) == nil)
    }

    @Test("prefixes are the same if they mean the same")
    func equality() {
        #expect(AddressPrefix("10.1.2.3/8") == AddressPrefix("10.0.0.0/8"))
        #expect(Set([AddressPrefix("::1"), AddressPrefix("::0:1/128")]).count == 1)
        #expect(AddressPrefix("0.0.0.0/0") != AddressPrefix("::/0"))
        #expect(AddressPrefix("10.1.2.3/8")?.description == "10.1.2.3/8")
        #expect(AddressPrefix("10.1.2.3")?.length == 32)
    }
}
