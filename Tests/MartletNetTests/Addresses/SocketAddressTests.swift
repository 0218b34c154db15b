import MartletNet
import Testing

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "every form is read and written back",
        arguments: [
            "127.0.0.1:8080", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[::]:8080", "[2001:db8::1]:443",
            ":8080",
            "unix:/run/app.sock", "unix:@martlet",
        ])
    func roundTrips(text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test("an IPv6 address is written in its recommended form")
    func normalises() throws {
        #expect(try SocketAddress(parsing: "[2001:DB8:0:0:0:0:0:1]:1").description == "[2001:db8::1]:1")
    }

    @Test(
        "what is no address is refused with a reason",
        arguments: [
            ("", "no port"), ("localhost:80", "no IP address"), ("127.0.0.1", "no port"), ("127.0.0.1:", "no number"),
            ("127.0.0.1:65536", "no number"), ("127.0.0.1:+1", "no number"),
            ("127.0.0.1:99999999999999999999", "no number"),
            ("256.0.0.1:80", "no IP address"), ("[::1:80", "no IP address"), ("::1:80", "no IP address"),
            ("[::g]:80", "no IPv6 address"), ("[fe80::1%nowhere]:80", "no network interface"),
            ("unix:", "1 to 107 bytes"),
            ("unix:@", "1 to 107 bytes"), ("unix:relative", "starts with"),
            ("unix:/" + String(repeating: "x", count: 107), "1 to 107"),
            ("unix:/a\0b", "1 to 107"),
        ])
    func refuses(text: String, reason: String) {
        let error = #expect(throws: AddressError.self) { try SocketAddress(parsing: text) }
        #expect(error?.description.contains(reason) == true)
    }
}
