import HTTPTypes
import MartletHTTP
import MartletLoop

/// Limits how many requests each client may send, counted over all workers together and over reloads.
///
/// ```swift
/// router.use(RateLimit(600, per: .seconds(60)))                                    // each client
/// api.use(RateLimit(10, per: .seconds(1), burst: 50, by: .clientAndRoute()))
/// login.use(RateLimit(5, per: .seconds(60), by: .value { $0[.authorization] }))
/// ```
///
/// Requests are let through at even intervals, and up to `burst` at once. Further ones are answered with 429 and
/// `Retry-After`, and counted as `requests_rate_limited`. Every answer has `RateLimit-Policy` and `RateLimit`
/// (draft-ietf-httpapi-ratelimit-headers-10), for each limit that the request came under. Where there are several, a
/// request that one refuses has been counted by those outside of it.
///
/// Limits of the same name, numbers and key share what they count. What costs most is asking the kernel for the
/// client's address.
public final class RateLimit: Filter {
    private let key: RateLimitKey
    private let rate: RateLimitRate
    private let notice: RateLimitNotice
    /// The table of the server that is served, and the hash of everything that is the same for all its requests.
    private var prefix: (table: RateLimitTable, hash: SipHash)?

    /// - Parameters:
    ///   - count: requests that get through in `per`, in the long run; at least 1.
    ///   - per: the time that `count` is for; above 0.
    ///   - burst: requests that get through at once, at least 1; `count` unless given.
    ///   - key: what has a limit of its own: each client unless given.
    ///   - name: what clients are told that the limit is called.
    public init(
        _ count: Int, per: Duration, burst: Int? = nil, by key: RateLimitKey = .client(), name: String = "default"
    ) {
        rate = RateLimitRate(count: count, per: per, burst: burst ?? count)
        self.key = key
        notice = RateLimitNotice(name: name, rate: rate)
    }

    deinit {}

    /// Lets the request pass, unless its client has sent too many.
    ///
    /// - Throws: ``HTTPError`` 429.
    public func before(_ request: Request) throws -> Response? {
        let server = request.exchange.server
        var (table, hash) = prefix(for: server.worker)
        guard key.add(request, to: &hash) else { return nil }
        let decision = table.take(
            Self.tag(hash.finish()), rate: rate, onEviction: { server.counters.add(.rateLimitsForgiven) })
        guard decision.isAllowed else {
            server.counters.add(.requestsRateLimited)
            throw notice.refusal(decision)
        }
        request.exchange.notes.values[ObjectIdentifier(self)] = decision
        return nil
    }

    /// Tells the client how much it has left.
    public func after(_ request: Request, _ response: inout Response) throws {
        guard let decision = request.exchange.notes.values[ObjectIdentifier(self)] as? RateLimitDecision else { return }
        notice.tell(decision, &response.fields)
    }

    private func prefix(for worker: Worker) -> (table: RateLimitTable, hash: SipHash) {
        if let prefix { return prefix }
        let table = worker.rateLimits
        var hash = table.hash
        hash.add(notice.name)
        hash.add(key.kind)
        hash.add(rate.interval)
        hash.add(rate.tolerance)
        prefix = (table, hash)
        return (table, hash)
    }

    /// 0 is the tag of an entry that was never used.
    private static func tag(_ hash: UInt64) -> UInt64 { max(hash, 1) }
}

extension HTTPField.Name {
    /// `RateLimit-Policy`: what limits there are (draft-ietf-httpapi-ratelimit-headers-10 §3).
    nonisolated static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!  // a token
    /// `RateLimit`: what is left of them (draft-ietf-httpapi-ratelimit-headers-10 §4).
    nonisolated static let rateLimit = HTTPField.Name("RateLimit")!  // a token
}
