/// What most answers are, where they are there as a whole: they are told by a look, without the way of all others through lines,
/// bulks and aggregates.
extension RESPParser {
    /// Takes the next value as `next(_:from:)` does, but for a bulk that is an answer by itself, and there as a whole: that comes
    /// as `RESPValue.simple`, for those who want its text and not its bytes.
    package mutating func nextText(
        _ bytes: UnsafeRawBufferPointer, from offset: inout Int
    ) throws(RESPError) -> RESPValue? {
        guard let content = wholeBulk(bytes, offset) else { return try next(bytes, from: &offset) }
        offset = content.upperBound + 2
        return .simple(RESPText.string(UnsafeRawBufferPointer(rebasing: bytes[content])))
    }

    /// Whether `+OK` comes next, and is an answer by itself.
    @inline(__always)
    func isOK(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
        guard bytes.count - offset >= 5, bytes[offset] == UInt8(ascii: "+") else { return false }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt32.self)) == 0x0a0d_4b4f
            && limits.lineBytes >= 4 && limits.bytes >= 5 && isBetweenAnswers
    }

    /// Where the content of a bulk is that is an answer by itself, and there as a whole; `nil` for all that is anything else, or in
    /// any way wrong, which is not looked into here.
    @inline(__always)
    func wholeBulk(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Range<Int>? {
        guard bytes.count - offset >= 5, bytes[offset] == UInt8(ascii: "$"), isBetweenAnswers else { return nil }
        var index = offset + 1
        // Of seven digits no sum can overflow.
        let end = min(bytes.count, index + 7)
        var length = 0
        while index < end {
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit > 9 { break }
            length = length &* 10 &+ Int(digit)
            index += 1
        }
        let start = index + 2
        let whole = start - offset + length + 2
        guard index > offset + 1, whole <= bytes.count - offset, whole <= limits.bytes, length <= limits.bulkBytes,
            index - offset < limits.lineBytes, bytes[index] == UInt8(ascii: "\r"),
            bytes[index + 1] == UInt8(ascii: "\n"),
            bytes[start + length] == UInt8(ascii: "\r"), bytes[start + length + 1] == UInt8(ascii: "\n")
        else { return nil }
        return start..<start + length
    }
}
