import Glibc
import MartletHTTP

/// The value of Retry-After, RFC 9110 §10.2.3.
nonisolated enum RetryAfter {
    /// How long to wait: seconds as they are, a date as what is left until then; `nil` for anything else.
    static func delay(_ text: String?, now: Int64 = Int64(time(nil))) -> Duration? {
        guard let text, !text.isEmpty else { return nil }
        // No machine runs longer than so many seconds.
        let most: Int64 = 1 << 31
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return .seconds(Int64(text).map { min($0, most) } ?? most)
        }
        return HTTPDate(text, now: HTTPDate(unixTime: now)).map { .seconds(min(max(0, $0.unixTime - now), most)) }
    }
}
