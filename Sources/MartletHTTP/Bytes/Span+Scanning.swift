/// Searching and comparing bytes in place.
///
/// Reads are unchecked where the loop condition right beside them is the bound.
extension Span where Element == UInt8 {
    /// The offset of the first control character in `start..<end` other than horizontal tab, else `end`.
    ///
    /// Eight bytes a step: a byte below 0x20 borrows into its own top bit when 0x20 is subtracted, and 0x7F
    /// does when it is turned into 0 first (see ``SWAR``).
    func firstControl(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count)
        var i = start
        while i &+ 8 <= end {
            let word = UInt64(littleEndian: word(at: i))
            let low = (word &- SWAR.all(0x20)) & ~word
            let hits = (low | SWAR.zeros(word ^ SWAR.all(0x7F))) & SWAR.topBits
            if hits == 0 {
                i &+= 8
                continue
            }
            i &+= hits.trailingZeroBitCount &>> 3
            guard self[unchecked: i] == ASCII.tab else { return i }
            i &+= 1
        }
        while i < end {
            let byte = self[unchecked: i]
            if (byte < 0x20 && byte != ASCII.tab) || byte == 0x7F { return i }
            i &+= 1
        }
        return end
    }

    /// Eight bytes as they lie in memory, which the caller knows to be there.
    @inlinable @inline(__always)
    package func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset &+ 8 <= count)
        return bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    /// The offset of the first `byte` in `start..<end`, else nil.
    func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int? {
        precondition(start >= 0 && end <= count)
        var i = start
        while i < end {
            if self[unchecked: i] == byte { return i }
            i &+= 1
        }
        return nil
    }

    /// Whether `text` stands at `offset`, byte for byte.
    @inline(__always)
    func has(_ text: StaticString, at offset: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset >= 0, offset &+ length <= count else { return false }
        for i in 0..<length where self[unchecked: offset &+ i] != text.utf8Start[i] { return false }
        return true
    }

    /// Whether `range`, which is a token, is `text`, a lower-case name of at least four letters, digits and hyphens,
    /// ignoring the case of ASCII letters.
    ///
    /// Four bytes a step, and at last the four that end the name. Setting the bit that tells the cases apart changes
    /// nothing but letters: what it would turn into a digit or a hyphen is a control character, and in no token.
    @inline(__always)
    func equals(token range: ByteRange, lowercased text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard range.count == length else { return false }
        let start = Int(range.start)
        precondition(length >= 4 && start &+ length <= count)
        let name = UnsafeRawPointer(text.utf8Start)
        func differs(at offset: Int) -> Bool {
            bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ offset, as: UInt32.self) | 0x2020_2020
                != name.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        }
        var i = 0
        while i < length &- 4 {
            if differs(at: i) { return false }
            i &+= 4
        }
        return !differs(at: length &- 4)
    }

    /// Whether `range` is `text`, which must not contain A–Z, ignoring the case of ASCII letters.
    @inlinable
    public func equals(_ range: ByteRange, lowercased text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        let start = Int(range.start)
        precondition(start &+ range.count <= count)
        for i in 0..<range.count {
            let byte = self[unchecked: start &+ i]
            let folded = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if folded != text.utf8Start[i] { return false }
        }
        return true
    }

    /// Whether `range` is `text`, ignoring the case of ASCII letters on both sides; for names known only at run time.
    public func equals(_ range: ByteRange, ignoringCaseOf text: String) -> Bool {
        equals(range, ignoringCaseOf: text.utf8.span)
    }

    /// Whether `range` is `text`, ignoring the case of ASCII letters on both sides.
    func equals(_ range: ByteRange, ignoringCaseOf text: Span<UInt8>) -> Bool {
        guard range.count == text.count else { return false }
        for i in 0..<text.count {
            let byte = self[Int(range.start) &+ i]
            if ASCII.lowercased(byte) != ASCII.lowercased(text[i]) { return false }
        }
        return true
    }

    /// `range` without the spaces and tabs at both ends: optional white space, RFC 9110 §5.6.3.
    @inline(__always)
    func trimmed(_ start: Int, _ end: Int) -> ByteRange {
        precondition(start >= 0 && end <= count)
        var start = start
        var end = end
        while start < end, isBlank(self[unchecked: start]) { start &+= 1 }
        while start < end, isBlank(self[unchecked: end &- 1]) { end &-= 1 }
        return ByteRange(start, end)
    }

    @inline(__always)
    private func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}
