import MartletRedis

nonisolated extension SettingReaders {
    /// The URL of a Redis server; an empty one is none.
    static let someRedisURL: Reader<String?> = { value throws(Complaint) in
        guard let url = value.string else {
            throw Complaint(expected: "a URL such as \"redis://localhost:6379\"", found: value)
        }
        guard !url.isEmpty else { return nil }
        do throws(RedisError) {
            _ = try RedisEndpoint(url: url)
        } catch {
            throw Complaint(error.reason)
        }
        return url
    }

    /// What names in a server begin with: no spaces, so that they can be typed.
    static let redisPrefix: Reader<String> = { value throws(Complaint) in
        guard let prefix = value.string, (1...100).contains(prefix.utf8.count),
            prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw Complaint(expected: "1 to 100 letters, digits and signs, such as \"martlet\"", found: value) }
        return prefix
    }
}
