import MartletRedis

/// Where a store is, as a configuration says it.
public nonisolated enum StoreURL: Hashable, Sendable {
    /// In a file: `sqlite:/absolute/path`.
    case sqlite(path: String)
    /// On a Redis server: `redis://…`, `rediss://…`, `unix://…`, `redis+sentinel://…`, as `RedisSettings` reads them.
    case redis(String)

    /// Reads a URL.
    ///
    /// - Throws: ``StoreError/Code/badURL`` with what is wrong with it.
    public init(_ text: String) throws(StoreError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw StoreError(.badURL, "a store is named by a URL such as \"sqlite:/var/lib/app/store.db\"")
        }
        let scheme = text[..<colon].lowercased()
        var rest = text[text.index(after: colon)...]
        switch scheme {
        case "sqlite", "file":
            // "sqlite:///path" is the same as "sqlite:/path".
            if rest.hasPrefix("///") { rest = rest.dropFirst(2) }
            guard rest.hasPrefix("/"), !rest.hasPrefix("//"), !rest.hasSuffix("/"), rest.utf8.count < 4096,
                !rest.utf8.contains(0)
            else {
                throw StoreError(.badURL, "\"sqlite:\" is followed by the absolute path of a file")
            }
            self = .sqlite(path: String(rest))
        case "redis", "rediss", "unix", "redis+unix", "redis+sentinel", "rediss+sentinel", "redis-sentinel",
            "rediss-sentinel":
            do throws(RedisError) {
                _ = try RedisURL(text)
            } catch {
                throw StoreError(.badURL, error.reason)
            }
            self = .redis(text)
        default:
            throw StoreError(
                .badURL, "there are no stores \"\(scheme.prefix(32)):\", but \"sqlite:/path\" and \"redis://host\"")
        }
    }
}
