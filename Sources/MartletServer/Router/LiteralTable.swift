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
    /// The bytes of all literals, one behind the other, and some that nothing is in, so that a word can be read of each.
    private var pool = [UInt8](repeating: 0, count: spare)

    private static let spare = 8

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
        let start = pool.count - Self.spare
        let range = ByteRange(start, start + text.count)
        pool.insert(contentsOf: text, at: start)
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

    // Eight bytes a step, and at last the eight that end the text, of which some may have been looked at before.

    @inline(__always)
    private func isEqual(_ text: ByteRange, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let length = end &- start
        guard text.count == length else { return false }
        let literals = pool.span
        let literal = Int(text.start)
        guard length >= 8 else {
            return literals.word(at: literal, count: length) == bytes.word(at: start, count: length)
        }
        var i = 0
        while i < length &- 8 {
            if literals.word(at: literal &+ i) != bytes.word(at: start &+ i) { return false }
            i &+= 8
        }
        return literals.word(at: literal &+ length &- 8) == bytes.word(at: end &- 8)
    }

    @inline(__always)
    private static func hash(_ node: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let length = end &- start
        var hash = UInt64(truncatingIfNeeded: node) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: length)
        if length < 8 {
            hash = mix(hash, bytes.word(at: start, count: length))
        } else {
            var i = start
            while i < end &- 8 {
                hash = mix(hash, bytes.word(at: i))
                i &+= 8
            }
            hash = mix(hash, bytes.word(at: end &- 8))
        }
        return Int(truncatingIfNeeded: hash & 0x7FFF_FFFF)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* 0xD6E8_FEB8_6659_FD93
        return product ^ product >> 32
    }
}

extension Span where Element == UInt8 {
    /// Fewer than eight bytes, which the caller knows to be there, with zeros behind them.
    @inline(__always)
    fileprivate nonisolated func word(at offset: Int, count: Int) -> UInt64 {
        if count == 0 { return 0 }
        // What follows a path in a head is there to be read in nearly every case.
        guard offset &+ 8 <= self.count else { return lastWord(at: offset, count: count) }
        return UInt64(littleEndian: word(at: offset)) & UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count)
    }

    @inline(never)
    private nonisolated func lastWord(at offset: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(self[offset &+ i]) &<< UInt64(truncatingIfNeeded: 8 &* i) }
        return word
    }
}
