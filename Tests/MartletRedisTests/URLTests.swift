import MartletRedis
import Testing

@Suite("URLs of Redis")
struct URLTests {
    @Test("a URL of all parts is read")
    func allParts() throws {
        let settings = try RedisSettings(url: "redis://app:p%40ss@example.org:7000/3?client_name=shop&protocol=2")
        #expect(settings.endpoint == .host("example.org", port: 7000))
        #expect(settings.user == "app" && settings.password == "p@ss" && settings.database == 3)
        #expect(settings.clientName == "shop" && settings.protocolVersion == .resp2 && settings.tls == nil)
    }
}
