import MartletHTTP

/// The literal children of all nodes of a trie: an open hash table from node and bytes to child.
///
/// Only routes, never requests, put anything in, so nobody outside can make the chains long.
nonisolated struct LiteralTable: ~Copyable {
    private struct Slot {
        var node: Int32 = -1
        var child: Int32 = -1
        var text = ByteRange()
    }

    private var slots: [Slot] = []
    private var count = 0
    /// The bytes of all literals, one behind the other.
    private var pool: [UInt8] = []

    /// The child of `node` for `start..<end`, or nil. A segment with an escape is decoded first, so that `/%61`
    /// is `/a` while `%2F` never separates; one whose escapes are malformed is no literal.
    func child(of node: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int, hasEscape: Bool) -> Int? {
        guard hasEscape else { return child(of: node, bytes, start, end) }
        guard let decoded = try? PercentEncoding.decode(ByteRange(start, end), in: bytes) else { return nil }
        return child(of: node, decoded.span, 0, decoded.count)
    }

    /// The child of `node` for the decoded bytes `start..<end`, or nil.
    func child(of node: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        if slots.isEmpty { return nil }
        precondition(start >= 0 && start <= end && end <= bytes.count)
        let slots = slots.span
        // The number of slots is a power of two, and half of them are free: every index is within, and the walk ends.
        let mask = slots.count &- 1
        var index = Self.hash(node, bytes, start, end) & mask
        while true {
            let slot = slots[unchecked: index]
            if slot.node < 0 { return nil }
            if Int(slot.node) == node, isEqual(slot.text, bytes, start, end) { return Int(slot.child) }
            index = (index &+ 1) & mask
        }
    }

    /// Adds a child that is not there yet.
    mutating func insert(_ text: [UInt8], of node: Int, child: Int) {
        if (count + 1) * 2 > slots.count { enlarge() }
        let range = ByteRange(pool.count, pool.count + text.count)
        pool += text
        place(Slot(node: Int32(node), child: Int32(child), text: range))
        count += 1
    }

    private mutating func enlarge() {
        let old = slots
        slots = Array(repeating: Slot(), count: max(16, old.count * 2))
        for slot in old where slot.node >= 0 { place(slot) }
    }

    private mutating func place(_ slot: Slot) {
        var index =
            Self.hash(Int(slot.node), pool.span, Int(slot.text.start), Int(slot.text.end)) & (slots.count - 1)
        while slots[index].node >= 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
    }

    @inline(__always)
    private func isEqual(_ text: ByteRange, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard text.count == end - start else { return false }
        let literals = pool.span
        var (i, j) = (Int(text.start), start)
        while j &+ 8 <= end {
            if literals.word(at: i) != bytes.word(at: j) { return false }
            i &+= 8
            j &+= 8
        }
        return literals.word(at: i, count: end &- j) == bytes.word(at: j, count: end &- j)
    }

    /// Eight bytes a step, begun with the node.
    @inline(__always)
    private static func hash(_ node: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var hash = UInt64(truncatingIfNeeded: node) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: end &- start)
        var i = start
        while i &+ 8 <= end {
            hash = mix(hash, bytes.word(at: i))
            i &+= 8
        }
        hash = mix(hash, bytes.word(at: i, count: end &- i))
        return Int(truncatingIfNeeded: hash & 0x7FFF_FFFF)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* 0xD6E8_FEB8_6659_FD93
        return product ^ product >> 32
    }
}

extension Span where Element == UInt8 {
    /// Eight bytes, which the caller knows to be there.
    @inline(__always)
    nonisolated func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset &+ 8 <= count)
        return bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    /// Fewer than eight bytes, which the caller knows to be there, with zeros behind them.
    @inline(__always)
    nonisolated func word(at offset: Int, count: Int) -> UInt64 {
        if count == 0 { return 0 }
        let mask = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        // What follows a path in a head is there to be read in nearly every case.
        if offset &+ 8 <= self.count { return UInt64(littleEndian: word(at: offset)) & mask }
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(self[offset &+ i]) &<< UInt64(truncatingIfNeeded: 8 &* i) }
        return word
    }
}
