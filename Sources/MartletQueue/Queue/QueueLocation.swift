/// Where a queue is, as its URL says.
nonisolated enum QueueLocation: Hashable, Sendable {
    /// The path of a database.
    case sqlite(String)
    /// The URL of a server.
    case redis(String)

    /// Reads a URL.
    ///
    /// - Throws: ``WorkQueueError`` with what is expected; without the URL's password.
    init(_ url: String, queue: String) throws(WorkQueueError) {
        guard let colon = url.firstIndex(of: ":") else { throw Self.unknown(queue) }
        let rest = String(url[url.index(after: colon)...])
        switch url[..<colon].lowercased() {
        case "sqlite":
            // sqlite:///path, as others write it, means /path.
            let path = rest.hasPrefix("///") ? String(rest.dropFirst(2)) : rest
            guard !path.isEmpty, !path.hasPrefix("//"), !path.hasPrefix(":"), !path.utf8.contains(0) else {
                throw WorkQueueError(.invalid, queue: queue, "expected sqlite:/path of a file, found \"\(url)\"")
            }
            self = .sqlite(path)
        case "redis", "rediss", "unix", "redis+unix", "redis+sentinel", "rediss+sentinel", "redis-sentinel",
            "rediss-sentinel":
            self = .redis(url)
        default: throw Self.unknown(queue)
        }
    }

    private static func unknown(_ queue: String) -> WorkQueueError {
        WorkQueueError(
            .invalid, queue: queue,
            "its URL is none of sqlite:/path, redis://…, rediss://…, unix://… and redis+sentinel://…")
    }
}
