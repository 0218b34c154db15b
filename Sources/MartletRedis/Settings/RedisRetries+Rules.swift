nonisolated extension RedisRetries {
    /// Whether what has failed like this may be sent again, as often as ``attempts`` says.
    func mayRepeat(_ error: RedisError, _ traits: RedisCommand.Traits) -> Bool {
        switch error.code {
        case .server: serverCodes.contains(error.serverCode ?? "")
        case .connection: true
        case .connectionLost:
            error.isUnsent || (repeatsIdempotent && traits.contains(.idempotent))
        default: false
        }
    }
}
