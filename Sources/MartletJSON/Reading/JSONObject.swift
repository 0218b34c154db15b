import Glibc

/// The members of an object, found by key. Of equal keys the last one holds.
///
/// A few members are compared one by one; for more there is a table, so that an object takes time in proportion to its
/// size whatever it holds.
struct JSONObject {
    private static let fewMembers = 16

    let document: JSONDocument
    let index: Int
    /// Tape indices of keys by the hash of the key, 0 where there is none; empty for a few members.
    private var table: [UInt32] = []

    /// The object at `index`.
    ///
    /// - Throws: `DecodingError` when the value there is none.
    init(_ document: JSONDocument, at index: Int) throws {
        guard document.tape[index].kind == .object else {
            throw document.mismatch([String: Any].self, "an object", at: index)
        }
        self.document = document
        self.index = index
        let count = Int(document.tape[index].length)
        if count <= Self.fewMembers { shadowFew() } else { fillTable(count) }
    }

    /// The tape index of the member's value.
    @inline(__always)
    func value(forKey key: String) -> Int? {
        var key = key
        return key.withUTF8 { table.isEmpty ? search($0) : lookUp($0) }
    }

    /// The tape indices of the keys that hold, in the order of the document.
    var keys: [Int] {
        var keys: [Int] = []
        keys.reserveCapacity(Int(document.tape[index].length))
        var key = index + 1
        while key < end {
            if !document.tape[key].isShadowed { keys.append(key) }
            key = after(key)
        }
        return keys
    }

    private var end: Int { Int(document.tape[index].next) }

    @inline(__always)
    private func after(_ key: Int) -> Int { Int(document.tape[key &+ 1].next) }

    @inline(__always)
    private func search(_ wanted: UnsafeBufferPointer<UInt8>) -> Int? {
        let end = end
        var key = index &+ 1
        while key < end {
            let entry = document.tape[key]
            if !entry.isShadowed, equals(entry, wanted) { return key &+ 1 }
            key = after(key)
        }
        return nil
    }

    @inline(__always)
    private func equals(_ key: JSONTape.Entry, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        guard key.kind == .plain else { return document.text(key).utf8.elementsEqual(wanted) }
        return Self.equal(document.bytes(of: key), wanted)
    }

    @inline(__always)
    private static func equal(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        guard left.count > 0, let first = left.baseAddress, let second = right.baseAddress else { return true }
        return first[0] == second[0] && memcmp(first, second, left.count) == 0
    }

    private func shadowFew() {
        let end = end
        var key = index &+ 1
        while key < end {
            var later = after(key)
            while later < end {
                if haveEqualText(document.tape[key], document.tape[later]) { document.tape[key].isShadowed = true }
                later = after(later)
            }
            key = after(key)
        }
    }

    private func haveEqualText(_ left: JSONTape.Entry, _ right: JSONTape.Entry) -> Bool {
        if right.kind == .plain { return equals(left, document.bytes(of: right)) }
        var text = document.text(right)
        return text.withUTF8 { equals(left, $0) }
    }

    private mutating func fillTable(_ count: Int) {
        // At most half full.
        table = Array(repeating: 0, count: 4 << (Int.bitWidth - count.leadingZeroBitCount - 1))
        var key = index + 1
        while key < end {
            let entry = document.tape[key]
            var text = entry.kind == .plain ? "" : document.text(entry)
            let slot =
                entry.kind == .plain ? self.slot(of: document.bytes(of: entry)) : text.withUTF8 { self.slot(of: $0) }
            if table[slot] != 0 { document.tape[Int(table[slot])].isShadowed = true }
            table[slot] = UInt32(truncatingIfNeeded: key)
            key = after(key)
        }
    }

    private func lookUp(_ wanted: UnsafeBufferPointer<UInt8>) -> Int? {
        let key = Int(table[slot(of: wanted)])
        return key == 0 ? nil : key + 1
    }

    /// Where the table has the key, or would have it. The hash has a seed of its own in each process: a client cannot
    /// choose keys that collide.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(key))
        var slot = hasher.finalize() & (table.count - 1)
        while table[slot] != 0, !equals(document.tape[Int(table[slot])], key) { slot = (slot + 1) & (table.count - 1) }
        return slot
    }
}
