import DequeModule
import MartletLoop

/// How many requests a second the service answers, over the last seconds: for a line of status.
public nonisolated struct RequestRate: Sendable {
    private let window: Duration
    private var samples: Deque<(instant: EventLoop.Instant, requests: UInt64)> = []

    /// - Parameter window: how far back the rate looks.
    public init(window: Duration = .seconds(5)) {
        self.window = window
    }

    /// Takes note of the number of requests since the start. Call it about once a second, with ascending instants.
    public mutating func record(requests: UInt64, at instant: EventLoop.Instant) {
        if let last = samples.last, instant <= last.instant { return }
        samples.append((instant, requests))
        // The newest sample that is a whole window old stays: the rate is over at least the window.
        while samples.count > 2, instant - samples[1].instant >= window { samples.removeFirst() }
    }

    /// Requests a second; 0 before the second sample.
    public var perSecond: Double {
        guard let first = samples.first, let last = samples.last, last.instant > first.instant else { return 0 }
        let requests = last.requests > first.requests ? last.requests - first.requests : 0
        return Double(requests) * 1e9 / Double(last.instant.nanoseconds - first.instant.nanoseconds)
    }

    /// `950 req/s`, `12.4k req/s`, `1.2M req/s`
    public var text: String {
        let rate = perSecond
        // From where rounding would show the next unit.
        if rate < 999.5 { return "\(Int(rate.rounded())) req/s" }
        if rate < 999_950 { return "\(Self.oneDecimal(rate / 1e3))k req/s" }
        return "\(Self.oneDecimal(rate / 1e6))M req/s"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = UInt64(min(value, 1e15) * 10 + 0.5)
        return "\(tenths / 10).\(tenths % 10)"
    }
}
