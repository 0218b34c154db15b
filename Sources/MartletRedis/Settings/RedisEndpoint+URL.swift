nonisolated extension RedisEndpoint {
    /// Reads where the server is out of a URL, and checks the rest: see ``RedisSettings/init(url:)``.
    ///
    /// - Throws: ``RedisError/Code-swift.struct/invalidSettings``, which shows no password.
    public init(url: String) throws(RedisError) {
        self = try RedisURL(url).endpoint
    }
}
