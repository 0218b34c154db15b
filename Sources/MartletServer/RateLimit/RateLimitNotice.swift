import HTTPTypes
import MartletLoop

/// What clients are told of a limit.
struct RateLimitNotice {
    /// What the limit is called, as a string of structured fields (RFC 9651 §3.3.3).
    let name: String
    private let policyField: String

    init(name: String, rate: RateLimitRate) {
        self.name = Self.quoted(name)
        // q requests in a window of w seconds; whole seconds are all that the field can tell.
        let window = Self.seconds(UInt64(max(1, rate.per.nanosecondsClamped)))
        policyField = "\(self.name);q=\(rate.count);w=\(window)"
    }

    /// The answer to a request that is not let through.
    func refusal(_ decision: RateLimitDecision) -> HTTPError {
        let seconds = max(1, Self.seconds(decision.wait))
        var fields: HTTPFields = [.retryAfter: "\(seconds)"]
        tell(decision, &fields)
        return HTTPError(.tooManyRequests, "too many requests; try again in \(seconds) s", fields: fields)
    }

    /// Adds what is left to an answer.
    func tell(_ decision: RateLimitDecision, _ fields: inout HTTPFields) {
        fields.append(HTTPField(name: .rateLimitPolicy, value: policyField))
        fields.append(
            HTTPField(name: .rateLimit, value: "\(name);r=\(decision.remaining);t=\(Self.seconds(decision.reset))"))
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ nanoseconds: UInt64) -> UInt64 {
        nanoseconds == 0 ? 0 : (nanoseconds - 1) / 1_000_000_000 + 1
    }

    /// Without what such a string cannot hold.
    private static func quoted(_ name: String) -> String {
        let characters = name.unicodeScalars.filter {
            (0x20..<0x7F).contains($0.value) && $0 != "\"" && $0 != "\\"
        }
        return "\"\(String(String.UnicodeScalarView(characters)))\""
    }
}
