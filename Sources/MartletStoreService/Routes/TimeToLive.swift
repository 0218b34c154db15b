import MartletHTTP
import MartletServer
import MartletStore

/// How long an entry is kept, as clients say it: whole seconds, or with at most three decimals.
enum TimeToLive {
    /// What the request says: in the parameter `ttl` of its query, or the field `TTL`; `nil` when it says nothing.
    ///
    /// - Throws: `HTTPError` 400 when it is no time above zero.
    static func of(_ request: Request) throws -> Duration? {
        let field = request.has(.timeToLive) ? request[.timeToLive] : nil
        guard let text = try request.query["ttl"] ?? field else { return nil }
        guard let milliseconds = milliseconds(text) else {
            throw HTTPError(.badRequest, "a time to live is a number of seconds above zero, such as 60 or 0.5")
        }
        return .milliseconds(milliseconds)
    }

    /// Milliseconds of a text such as `1.5`; `nil` when it is none, or zero.
    nonisolated static func milliseconds(_ text: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = digits(parts[0], most: 12) else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard let read = digits(parts[1], most: 3) else { return nil }
            fraction = parts[1].count == 1 ? read * 100 : parts[1].count == 2 ? read * 10 : read
        }
        let milliseconds = whole * 1000 + fraction
        return milliseconds > 0 ? milliseconds : nil
    }

    private nonisolated static func digits(_ text: Substring.UTF8View, most: Int) -> Int64? {
        guard (1...most).contains(text.count) else { return nil }
        var number: Int64 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int64(byte - 0x30)
        }
        return number
    }

    /// Whole seconds until then, rounded up: an entry that is there has at least one.
    nonisolated static func text(until expiry: Int64) -> String {
        "\(max(1, (expiry - StoreClock.now + 999) / 1000))"
    }
}
