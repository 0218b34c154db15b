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

    private static func sentinels(_ ports: [UInt16], user: String? = nil, password: String? = nil) -> RedisSentinels {
        RedisSentinels(
            ports.map { RedisNodeAddress(host: "h", port: $0) }, masterName: "m", user: user, password: password)
    }

    @Test(
        "sentinels and their master are found in URLs, however they are spelled",
        arguments: [
            "redis+sentinel://h:1,h/m/3", "REDIS+SENTINEL://h:1,h:26379/m/3?", "redis-sentinel://h:1,h/3#m",
            "redis+sentinel://h:1,h/m?db=3", "redis+sentinel://h:1,h/%6d/3/", "redis+sentinel://h:1,h/3?service_name=m",
            "redis-sentinel://h:1,h?db=3&master_name=m",
        ])
    func sentinels(_ url: String) throws {
        let settings = try RedisSettings(url: url)
        #expect(settings.endpoint == .sentinels(Self.sentinels([1, 26379])))
        #expect(settings.database == 3 && settings.tls == nil && settings.user == nil && settings.password == nil)
        #expect(settings.retries.attempts > 1000 && settings.retries.serverCodes.contains("READONLY"))
    }

    @Test("sentinels have a user and a password of their own, and speak TLS as the master does")
    func sentinelCredentials() throws {
        let url = "rediss+sentinel://app:secret@h:1,h:2/m/1?sentinel_username=watch&sentinel_password=hidden&timeout=3"
        let settings = try RedisSettings(url: url)
        #expect(settings.endpoint == .sentinels(Self.sentinels([1, 2], user: "watch", password: "hidden")))
        #expect(settings.user == "app" && settings.password == "secret" && settings.tls != nil)
        let all = try RedisSentinelSettings(url: url)
        #expect(all.masterName == "m" && all.server.password == "secret" && all.server.database == 1)
        #expect(all.sentinels.map(\.endpoint) == [.host("h", port: 1), .host("h", port: 2)])
        for sentinel in all.sentinels {
            #expect(sentinel.user == "watch" && sentinel.password == "hidden" && sentinel.database == 0)
            #expect(sentinel.tls != nil && sentinel.timeouts.command == .seconds(3))
        }
        var dumped = "\(settings) \(all) "
        dump(settings, to: &dumped)
        dump(settings.endpoint, to: &dumped)
        #expect(dumped.contains("app@m of h:1,h:2/1") && !dumped.contains("secret") && !dumped.contains("hidden"))
    }

    @Test("a URL of one server is none of sentinels, and one of sentinels none of a cluster")
    func kinds() async {
        for url in ["redis://h", "unix:///run/redis.sock"] {
            let error = await failure { try RedisSentinelSettings(url: url) }
            #expect(error?.code == .invalidSettings && error?.reason.contains("names no sentinels") == true)
        }
        let error = await failure { try RedisClusterSettings(url: "redis+sentinel://h,h/m") }
        #expect(error?.code == .invalidSettings)
    }

    @Test("any text is settings or an error, and the error shows nothing of a password")
    func anything() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "redis", "rediss", "unix", "+sentinel", "-sentinel", "://", "secret", ":", "@", "/", "//", ",", "?", "#",
            "&",
            "=", "[", "]", "::1", "h", "26379", "65536", "-1", "m", "0", "db", "password=secret",
            "sentinel_password=secret",
            "service_name=", "%", "%40", "%zz", "%00", " ", "é", "99999999999999999999", "timeout=", "1e400", "nan",
        ]
        for _ in 0..<20_000 {
            let start = ["redis+sentinel://", "redis://", ""].randomElement(using: &generator) ?? ""
            let count = Int.random(in: 0...12, using: &generator)
            let url = start + (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            do throws(RedisError) {
                let settings = try RedisSettings(url: url)
                if case .sentinels(let sentinels) = settings.endpoint {
                    #expect(!sentinels.addresses.isEmpty && !sentinels.masterName.isEmpty, "\(url)")
                }
                #expect(settings.database >= 0, "\(url)")
            } catch {
                #expect(error.code == .invalidSettings && !error.description.contains("secret"), "\(url): \(error)")
            }
        }
    }

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
            "redis+sentinel://h", "redis+sentinel://h/", "redis+sentinel://h/0", "redis+sentinel://h,/m",
            "redis+sentinel://,h/m", "redis+sentinel://h,,h/m", "redis+sentinel://h:x,h/m", "redis+sentinel://h/m/x",
            "redis+sentinel://h/m/1/2", "redis+sentinel://h/m%20n", "redis+sentinel://h/m%2Fn",
            "redis+sentinel://h/1/2#m",
            "redis+sentinel://h/m/-1", "redis+sentinel://::1/m", "sentinel://h/m",
            "redis+sentinel://h/m?sentinel_password=%4&secret", "redis://h?sentinel_password=secret",
            "redis+sentinel://" + String(repeating: "h,", count: 40) + "h/m",
        ])
    func mistakes(_ url: String) async throws {
        let error = await failure { try RedisSettings(url: url) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.description.contains("secret") == false)
    }
}
