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
        var index = Self.hash(node, bytes, start, end) & (slots.count - 1)
        while slots[index].node >= 0 {
            let slot = slots[index]
            if Int(slot.node) == node, isEqual(slot.text, bytes, start, end) { return Int(slot.child) }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
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

    private func isEqual(_ text: ByteRange, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard text.count == end - start else { return false }
        for i in 0..<text.count where pool[Int(text.start) + i] != bytes[start + i] { return false }
        return true
    }

    /// FNV-1a over the bytes, begun with the node.
    private static func hash(_ node: Int, _ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: node) &* 0x9E37_79B9_7F4A_7C15
        for i in start..<end { hash = (hash ^ UInt64(bytes[i])) &* 0x0000_0100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7FFF_FFFF)
    }
}
