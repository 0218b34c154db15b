import MartletRedis
import Testing

@Suite("URLs of Redis")
struct URLTests {
    @Test("a URL of all parts is read")
    func allParts() throws {
        let url = "rediss://app:p%40ss%3A@example.org:7000/3?client_name=shop&protocol=2&timeout=1.5&connect_timeout=2"
        let settings = try RedisSettings(url: url)
        #expect(settings.endpoint == .host("example.org", port: 7000))
        #expect(settings.user == "app" && settings.password == "p@ss:" && settings.database == 3)
        #expect(settings.clientName == "shop" && settings.protocolVersion == .resp2 && settings.tls != nil)
        #expect(settings.timeouts.command == .seconds(1.5) && settings.timeouts.connect == .seconds(2))
    }

    @Test("settings show no password, printed or dumped, by themselves or within others")
    func hidesPasswords() throws {
        let settings = try RedisSettings(url: "redis://app:secret@example.org/2")
        #expect("\(settings)" == "app@example.org:6379/2")
        let cluster = try RedisClusterSettings(url: "redis://app:secret@example.org:7000")
        var dumped = ""
        dump(settings, to: &dumped)
        dump(cluster, to: &dumped)
        for shown in [String(reflecting: settings), "\(cluster)", String(reflecting: cluster), dumped] {
            #expect(shown.contains("example.org") && !shown.contains("secret"), "\(shown)")
        }
    }

    nonisolated static let endpoints: [(String, RedisEndpoint)] = [
        ("redis://localhost", .host("localhost", port: 6379)),
        ("redis://", .host("localhost", port: 6379)),
        ("REDIS://h:1/", .host("h", port: 1)),
        ("redis://[::1]:7000", .host("::1", port: 7000)),
        ("redis://[fe80::1]", .host("fe80::1", port: 6379)),
        ("redis://:secret@10.0.0.1", .host("10.0.0.1", port: 6379)),
        ("unix:///run/redis.sock", .unix("/run/redis.sock")),
        ("redis+unix://:secret@/run/my%20redis.sock?db=2", .unix("/run/my redis.sock")),
    ]

    @Test("servers are found in URLs", arguments: endpoints)
    func endpoints(_ url: String, _ endpoint: RedisEndpoint) throws {
        #expect(try RedisSettings(url: url).endpoint == endpoint)
    }

    @Test(
        "a URL that is wrong is an error that shows no password",
        arguments: [
            "localhost:6379", "http://localhost", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h/x",
            "redis://h/-1", "redis://::1", "redis://[::1", "redis://[::1]x", "unix://", "unix:///",
            "unix://run/redis.sock",
            "redis://h?protocol=4", "redis://h?timeout=0", "redis://h?timeout=never", "redis://h?nonsense=1",
            "redis://u:secret%4@h", "redis://u:secret%zz@h", "redis://u:secret%ff@h", "redis://u:secret@h h",
            "redis://u:secret@h\r\nSET", "redis://h?password=a&secret", "redis://:12?secret@h",
        ])
    func mistakes(_ url: String) async throws {
        let error = await failure { try RedisSettings(url: url) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.description.contains("secret") == false)
    }
}
