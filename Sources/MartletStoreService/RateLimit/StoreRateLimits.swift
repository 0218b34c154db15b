import MartletServer
import MartletStore

/// Rate limits counted in a key-value store, for all machines that share it.
///
/// ```swift
/// let store = try await worker.openStore("redis://cache.example.org")
/// router.use(SharedRateLimit(600, per: .seconds(60), in: StoreRateLimits(store)))
/// ```
///
/// The store has, for each client, the time of day at which it has been given back everything. The machines' clocks have to
/// agree to a fraction of the limit's time.
public final class StoreRateLimits: RateLimitStore {
    private let store: any KeyValueStore
    private let prefix: String

    /// Others that count for the same client at the same moment make it try again; that often, the client is too fast.
    private static let attempts = 32

    /// Limits in a store.
    ///
    /// - Parameters:
    ///   - store: where they are counted.
    ///   - prefix: what their keys begin with.
    public init(_ store: any KeyValueStore, prefix: String = "rate-limit/") {
        self.store = store
        self.prefix = prefix
    }

    deinit {}

    /// Counts a request, if its rate allows one more now.
    public func take(_ client: String, rate: RateLimitRate) async throws -> RateLimitDecision {
        let key = StoreKey(prefix + client)
        for _ in 0..<Self.attempts {
            let entry = try await store.get(key)
            let now = StoreClock.nanoseconds
            let start = Self.start(entry?.value.number, rate, now)
            let ahead = UInt64(start - now)
            guard rate.allows(ahead: ahead) else { return rate.refusal(ahead: ahead) }
            let next = ahead + rate.interval
            if try await store.compareAndSet(
                key, from: entry, to: StoreValue("\(start + Int64(rate.interval))"),
                timeToLive: .nanoseconds(Int64(next)))
            {
                return rate.allowance(ahead: next)
            }
        }
        return rate.refusal(ahead: rate.tolerance)
    }

    /// From when on the client is served; a time that no client of this rate can have counts as past.
    private static func start(_ time: Int64?, _ rate: RateLimitRate, _ now: Int64) -> Int64 {
        guard let time, time > now, UInt64(time - now) <= rate.tolerance else { return now }
        return time
    }
}
