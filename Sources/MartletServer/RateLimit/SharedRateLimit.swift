import HTTPTypes

/// Where the requests of clients are counted for several machines.
public protocol RateLimitStore: AnyObject {
    /// Counts a request of a client, if its rate allows one more now.
    ///
    /// - Parameters:
    ///   - client: whose request, under which limit: 32 hexadecimal digits.
    ///   - rate: the same for all requests of that name.
    func take(_ client: String, rate: RateLimitRate) async throws -> RateLimitDecision
}

/// Limits how many requests each client may send, counted over all machines that share a store: a ``RateLimit`` for more
/// than one machine, at the price of asking the store for each request.
///
/// Answers are as those of ``RateLimit``. While the store cannot be asked, requests pass, which is logged: what is behind
/// the limit is not to fail with it. Put a ``RateLimit`` beside it where that matters.
public final class SharedRateLimit: Middleware {
    private let key: RateLimitKey
    private let rate: RateLimitRate
    private let store: any RateLimitStore
    private let notice: RateLimitNotice

    /// - Parameters:
    ///   - count: requests that get through in `per`, in the long run; at least 1.
    ///   - per: the time that `count` is for; above 0.
    ///   - burst: requests that get through at once, at least 1; `count` unless given.
    ///   - key: what has a limit of its own: each client unless given.
    ///   - name: what clients are told that the limit is called.
    ///   - store: where requests are counted.
    public init(
        _ count: Int, per: Duration, burst: Int? = nil, by key: RateLimitKey = .client(), name: String = "default",
        in store: any RateLimitStore
    ) {
        rate = RateLimitRate(count: count, per: per, burst: burst ?? count)
        self.key = key
        self.store = store
        notice = RateLimitNotice(name: name, rate: rate)
    }

    deinit {}

    /// Lets the request pass, unless its client has sent too many.
    ///
    /// - Throws: ``HTTPError`` 429.
    public func respond(to request: Request, next: Responder) async throws -> Response {
        guard let client = client(request) else { return try await next(request) }
        let decision: RateLimitDecision
        do {
            decision = try await store.take(client, rate: rate)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            request.logger.warning("cannot ask for a rate limit", metadata: ["error": "\(error)"])
            return try await next(request)
        }
        guard decision.isAllowed else {
            request.exchange.server.counters.add(.requestsRateLimited)
            throw notice.refusal(decision)
        }
        var response = try await next(request)
        notice.tell(decision, &response.fields)
        return response
    }

    /// A name that all machines have for the client. Two hashes make it too long to meet another one's by chance; their
    /// keys are no secret, because whoever meets another one on purpose shares the limit with him, and gains nothing.
    private func client(_ request: Request) -> String? {
        var name = ""
        for number in 1...2 as ClosedRange<UInt64> {
            var hash = SipHash(key: (number, 0x6D61_7274_6C65_7400))
            hash.add(notice.name)
            hash.add(key.kind)
            hash.add(rate.interval)
            hash.add(rate.tolerance)
            guard key.add(request, to: &hash) else { return nil }
            let digits = String(hash.finish(), radix: 16)
            name += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return name
    }
}
