import Glibc
import MartletLoop

/// The time of day, which machines that share a store have in common.
package nonisolated enum StoreClock {
    /// Milliseconds since 1970.
    package static var now: Int64 { nanoseconds / 1_000_000 }

    /// Nanoseconds since 1970.
    package static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The longest that an entry may be kept, a thousand years, in milliseconds; longer is the same.
    private static let longest: Int64 = 1000 * 365 * 86_400_000

    /// Milliseconds of a time to live, rounded up.
    static func milliseconds(_ duration: Duration?) throws(StoreError) -> Int64? {
        guard let duration else { return nil }
        guard duration > .zero else {
            throw StoreError(.badTimeToLive, "a time to live has to be above zero, and this one is \(duration)")
        }
        let (seconds, attoseconds) = duration.components
        guard seconds < longest / 1000 else { return longest }
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
