import MartletDownloadPlan
import MartletDownloadService
import MartletHTTP
import MartletNet
import Testing

@Suite struct SettingsTests {
    @Test(
        "only addresses of the world are connected to, and networks that are named",
        arguments: [
            ("93.184.216.34:80", true), ("127.0.0.1:80", false), ("10.1.2.3:80", true), ("10.2.0.1:80", false),
            ("169.254.169.254:80", false), ("100.64.0.1:80", false), ("[::1]:80", false), ("[fd00::1]:80", true),
            ("[fd01::1]:80", false), ("[::ffff:10.2.0.1]:80", false), ("[::ffff:10.1.0.1]:80", true),
            ("[64:ff9b::a9fe:a9fe]:80", false), ("[2002:7f00:1::]:80", false), ("[2606:4700::1]:80", true),
            ("unix:/run/x.sock", false), (":80", false),
        ])
    nonisolated func addresses(text: String, allowed: Bool) throws {
        var settings = DownloadServiceSettings(directory: "/tmp", hosts: [])
        settings.networks = [try #require(AddressPrefix("10.1.0.0/16")), try #require(AddressPrefix("fd00::/64"))]
        let address = try SocketAddress(parsing: text)
        #expect(settings.allows(address: address) == allowed)
        settings.allowsPrivate = true
        #expect(settings.allows(address: address))
    }
}
