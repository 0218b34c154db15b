import CSQLite
import Glibc

/// How a connection waits for the lock of others.
///
/// SQLite's own way sleeps longer and longer, up to a tenth of a second. A process that writes one transaction after the
/// other leaves gaps of far less, so that the one that waits would hardly ever meet one.
final class BusyWait {
    private let limit: Duration
    private var start = ContinuousClock.now

    init(limit: Duration) {
        self.limit = limit
    }

    /// Makes a connection wait like this, which it does as long as this object is there.
    func install(on handle: OpaquePointer) {
        guard limit > .zero else { return }
        sqlite3_busy_handler(
            handle,
            { context, count in
                guard let context else { return 0 }
                return Unmanaged<BusyWait>.fromOpaque(context).takeUnretainedValue().wait(count) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// - Parameter count: how often it has waited for this lock before.
    /// - Returns: whether to try again.
    private func wait(_ count: Int32) -> Bool {
        let now = ContinuousClock.now
        if count == 0 { start = now }
        guard now - start < limit else { return false }
        // Uneven, so that two who wait do not keep step.
        usleep(UInt32.random(in: 200...1500))
        return true
    }
}
