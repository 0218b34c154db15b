/// A cursor for the keys of all masters: whose turn it is in the upper 16 bits, and that master's own cursor below.
///
/// A server's cursor has as many bits as its table of keys has, which are far fewer than 48.
nonisolated struct ClusterCursor: Hashable, Sendable {
    let master: Int
    let cursor: UInt64

    private static let bits: UInt64 = 48

    /// Where to begin.
    static let start = ClusterCursor(master: 0, cursor: 0)

    private init(master: Int, cursor: UInt64) {
        self.master = master
        self.cursor = cursor
    }

    /// Reads what was given out; `nil` when it is no cursor.
    init?(_ text: String) {
        guard let number = UInt64(text) else { return nil }
        self.init(master: Int(number >> Self.bits), cursor: number & (1 << Self.bits - 1))
    }

    /// Where to go on.
    ///
    /// - Parameters:
    ///   - answer: the master's own cursor, 0 at its end.
    ///   - count: how many masters there are.
    /// - Returns: 0 at the end of the last one; `nil` when the master's cursor has too many bits.
    func next(after answer: UInt64, of count: Int) -> UInt64? {
        guard answer < 1 << Self.bits, let place = UInt64(exactly: master), place < 1 << 16 - 1 else { return nil }
        if answer != 0 { return place << Self.bits | answer }
        return master + 1 < count ? (place + 1) << Self.bits : 0
    }
}
