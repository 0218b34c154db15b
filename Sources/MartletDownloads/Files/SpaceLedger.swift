/// How many bytes the downloads of this process still have to write, by file system: several that begin at once must
/// not each take the same room.
final class SpaceLedger {
    static let shared = SpaceLedger()

    private var promised: [UInt64: Int] = [:]

    /// Room for the rest of a file; given back as it is used.
    final class Promise {
        private let ledger: SpaceLedger
        private let device: UInt64
        /// What is left of it.
        private(set) var bytes: Int

        fileprivate init(ledger: SpaceLedger, device: UInt64, bytes: Int) {
            self.ledger = ledger
            self.device = device
            self.bytes = bytes
        }

        deinit {}

        /// Notes that bytes are written.
        func use(_ count: Int) {
            let used = min(count, bytes)
            bytes -= used
            ledger.giveBack(used, of: device)
        }

        /// Gives the rest back.
        func end() {
            use(bytes)
        }
    }

    deinit {}

    /// Takes room.
    ///
    /// - Returns: `nil` when there is not enough.
    func promise(_ bytes: Int, on device: UInt64, free: Int, reserve: Int) -> Promise? {
        let taken = promised[device, default: 0]
        let available = free.subtractingClamped(taken).subtractingClamped(reserve)
        guard bytes <= available else { return nil }
        promised[device] = taken.addingClamped(bytes)
        return Promise(ledger: self, device: device, bytes: bytes)
    }

    fileprivate func giveBack(_ bytes: Int, of device: UInt64) {
        guard let taken = promised[device] else { return }
        promised[device] = taken > bytes ? taken - bytes : nil
    }
}

nonisolated extension Int {
    func subtractingClamped(_ other: Int) -> Int {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
