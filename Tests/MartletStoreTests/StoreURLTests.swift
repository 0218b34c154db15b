import MartletStore
import Testing

@Suite struct StoreURLTests {
    @Test(
        "a URL names a store",
        arguments: [
            ("sqlite:/var/lib/a.db", StoreURL.sqlite(path: "/var/lib/a.db")),
            ("SQLite:///a.db", .sqlite(path: "/a.db")),
            ("redis://example.org:6380/2", .redis("redis://example.org:6380/2")),
            ("unix:///run/redis.sock", .redis("unix:///run/redis.sock")),
            ("redis+sentinel://a,b:1/m/2", .redis("redis+sentinel://a,b:1/m/2")),
            ("rediss-sentinel://a#m", .redis("rediss-sentinel://a#m")),
        ])
    nonisolated func right(text: String, url: StoreURL) throws {
        #expect(try StoreURL(text) == url)
    }

    @Test(
        "what names none is refused with a reason",
        arguments: [
            "", "a.db", "/a.db", "sqlite:", "sqlite:a.db", "sqlite://host/a.db", "sqlite:/", "sqlite:/a/", "mysql://x",
            "sqlite:/a\u{0}b", "redis:/a", "redis://host:port",
            "redis+sentinel://a,b", "redis+sentinel:/a",
        ])
    nonisolated func wrong(text: String) {
        let error = #expect(throws: StoreError.self) { try StoreURL(text) }
        #expect(error?.code == .badURL)
    }
}
