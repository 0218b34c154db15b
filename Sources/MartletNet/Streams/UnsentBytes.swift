/// What one write has left to send. An object, so that an idle stream has room for a pointer only.
final class UnsentBytes {
    private var piece: [UInt8]
    private var sent: Int
    private var later: ArraySlice<[UInt8]>
    /// Whether the peer gets a part of it already.
    private(set) var hasBegun: Bool

    /// The bytes, of which so many have been sent, or which belong behind some that have been.
    init(_ bytes: [UInt8], sent: Int = 0, hasBegun: Bool = false) {
        piece = bytes
        self.sent = sent
        later = []
        self.hasBegun = hasBegun || sent > 0
    }

    /// Pieces, one behind the other.
    init(pieces: [[UInt8]]) {
        piece = []
        sent = 0
        later = pieces[...]
        hasBegun = false
        sent(0)
    }

    /// Calls `body` with the next bytes, `limit` at most, and with whether more come behind them.
    func withNext<Result>(atMost limit: Int, _ body: (UnsafeRawBufferPointer, _ moreComes: Bool) -> Result) -> Result {
        piece.withUnsafeBytes { bytes in
            let end = min(bytes.count, sent + limit)
            return body(UnsafeRawBufferPointer(rebasing: bytes[sent..<end]), end < bytes.count || !later.isEmpty)
        }
    }

    /// So many more have been sent.
    func sent(_ count: Int) {
        sent += count
        if count > 0 { hasBegun = true }
        while sent == piece.count, let next = later.popFirst() {
            piece = next
            sent = 0
        }
    }

    var isEmpty: Bool { sent == piece.count && later.isEmpty }
}
