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
        return bulk(bytes, offset)
    }

    /// The elements of an array of bulks and nulls that is an answer by itself, and there as a whole: what MGET, HMGET and LRANGE
    /// answer. `nil` for all else, which is not looked into here; then `offset` stays.
    @inline(__always)
    func wholeArray(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> [RESPValue]? {
        guard bytes.count - offset >= 4, bytes[offset] == UInt8(ascii: "*"), isBetweenAnswers else { return nil }
        return array(bytes, &offset)
    }

    /// Longer arrays are not looked at as a whole: they may not be there, and all that was read would be read again.
    private static var longestArray: Int { 128 }

    @inline(never)
    private func array(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> [RESPValue]? {
        guard let (count, start) = length(bytes, offset, digits: 3), 1...Self.longestArray ~= count,
            count < limits.values, limits.depth > 0, 3 * count <= bytes.count - start
        else { return nil }
        var next = start
        var values: [RESPValue] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let left = bytes.count - next
            guard left >= 3 else { return nil }
            if bytes[next] == UInt8(ascii: "_") {
                guard isLineEnd(bytes, next + 1) else { return nil }
                values.append(.null)
                next += 3
            } else {
                guard left >= 5, bytes[next] == UInt8(ascii: "$") else { return nil }
                if let content = bulk(bytes, next) {
                    values.append(.bulk([UInt8](UnsafeRawBufferPointer(rebasing: bytes[content]))))
                    next = content.upperBound + 2
                } else {
                    guard bytes[next + 1] == UInt8(ascii: "-"), bytes[next + 2] == UInt8(ascii: "1"),
                        isLineEnd(bytes, next + 3), limits.lineBytes >= 4
                    else { return nil }
                    values.append(.null)
                    next += 5
                }
            }
        }
        guard next - offset <= limits.bytes else { return nil }
        offset = next
        return values
    }

    /// Where the content of the bulk is that begins at `offset`, where 5 bytes are.
    @inline(__always)
    private func bulk(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Range<Int>? {
        guard let (length, start) = length(bytes, offset, digits: 7) else { return nil }
        let whole = start - offset + length + 2
        guard whole <= bytes.count - offset, whole <= limits.bytes, length <= limits.bulkBytes,
            isLineEnd(bytes, start + length)
        else { return nil }
        return start..<start + length
    }

    /// The length that stands behind a type, and where the line ends.
    ///
    /// - Parameter digits: how many it has at most: of seven no sum can overflow.
    @inline(__always)
    private func length(_ bytes: UnsafeRawBufferPointer, _ offset: Int, digits: Int) -> (Int, end: Int)? {
        var index = offset + 1
        let end = min(bytes.count, index + digits)
        var length = 0
        while index < end {
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit > 9 { break }
            length = length &* 10 &+ Int(digit)
            index += 1
        }
        guard index > offset + 1, index - offset < limits.lineBytes, bytes.count - index >= 2, isLineEnd(bytes, index)
        else { return nil }
        return (length, index + 2)
    }

    @inline(__always)
    private func isLineEnd(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        bytes[index] == UInt8(ascii: "\r") && bytes[index + 1] == UInt8(ascii: "\n")
    }
}
