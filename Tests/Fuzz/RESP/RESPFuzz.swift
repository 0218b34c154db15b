import MartletRESP

/// Any bytes, any split: nothing traps, the pieces give what the whole gives, limits hold, and what was read comes back when
/// it is written again.
///
/// The first byte of the input is the seed of the split points, the second chooses the settings, the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRESP(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 2 else { return 0 }
    let stream = Array(UnsafeBufferPointer(start: input + 2, count: count - 2))
    let settings = Settings(bits: input[1])
    let whole = Transcript(of: stream, ends: [stream.count], settings)
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < stream.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, stream.count))
    }
    precondition(Transcript(of: stream, ends: ends, settings) == whole, "the split changed the outcome")
    for value in whole.values { check(value, settings) }
    return 0
}

private struct Settings {
    var limits = RESPLimits()
    let keepsAttributes: Bool

    init(bits: UInt8) {
        keepsAttributes = bits & 1 != 0
        limits.depth = bits & 2 == 0 ? 8 : 64
        limits.bulkBytes = bits & 4 == 0 ? 100 : 1 << 20
        limits.values = bits & 8 == 0 ? 50 : 1 << 20
        limits.bytes = bits & 16 == 0 ? 500 : 1 << 30
        limits.lineBytes = bits & 32 == 0 ? 40 : 64 << 10
    }
}

/// All that is read from a stream.
private struct Transcript: Equatable {
    private(set) var values: [RESPValue] = []
    private var error: RESPError?
    private var isWithinValue = false

    init(of stream: [UInt8], ends: [Int], _ settings: Settings) {
        var parser = RESPParser(limits: settings.limits, keepsAttributes: settings.keepsAttributes)
        var start = 0
        do throws(RESPError) {
            for end in ends {
                try read(Array(stream[start..<end]), &parser)
                start = end
            }
            isWithinValue = parser.isWithinValue
        } catch {
            precondition(!error.message.isEmpty)
            self.error = error
        }
    }

    private mutating func read(_ piece: [UInt8], _ parser: inout RESPParser) throws(RESPError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: piece)
        var offset = 0
        while let value = try parser.next(UnsafeRawBufferPointer(buffer), from: &offset) {
            precondition(offset <= piece.count)
            values.append(value.withoutNaN)
        }
        precondition(offset == piece.count, "input was left behind")
    }
}

/// Limits hold for a value, and it comes back when it is written.
private func check(_ value: RESPValue, _ settings: Settings) {
    precondition(value.depth <= settings.limits.depth, "the limit of the depth does not hold")
    precondition(value.count <= settings.limits.values + 1, "the limit of values does not hold")
    var parser = RESPParser(keepsAttributes: true)
    let bytes = value.encoded
    let again = bytes.withUnsafeBytes { bytes in
        var offset = 0
        return try? parser.next(bytes, from: &offset)
    }
    precondition(again?.withoutNaN == value, "what was read does not come back")
    // What answers are looked at with does not trap, either.
    _ = (value.text, value.bytes, value.elements, value.entries, value.kind, value.isNull)
}

extension RESPValue {
    /// Not equal to itself, it would be a difference everywhere.
    fileprivate var withoutNaN: RESPValue {
        switch self {
        case .double(let value) where value.isNaN: .simple("nan")
        case .array(let values): .array(values.map(\.withoutNaN))
        case .set(let values): .set(values.map(\.withoutNaN))
        case .push(let values): .push(values.map(\.withoutNaN))
        case .map(let entries): .map(entries.map(\.withoutNaN))
        case .attributed(let value, let entries):
            .attributed(value.withoutNaN, attributes: entries.map(\.withoutNaN))
        default: self
        }
    }

    fileprivate var depth: Int {
        switch self {
        case .array(let values), .set(let values), .push(let values):
            values.isEmpty ? 0 : 1 + (values.map(\.depth).max() ?? 0)
        case .map(let entries): entries.isEmpty ? 0 : 1 + (entries.map { max($0.key.depth, $0.value.depth) }.max() ?? 0)
        case .attributed(let value, _): value.depth
        default: 0
        }
    }

    fileprivate var count: Int {
        switch self {
        case .array(let values), .set(let values), .push(let values): 1 + values.reduce(0) { $0 + $1.count }
        case .map(let entries): 1 + entries.reduce(0) { $0 + $1.key.count + $1.value.count }
        case .attributed(let value, let entries): value.count + entries.reduce(0) { $0 + $1.key.count + $1.value.count }
        default: 1
        }
    }

    fileprivate var encoded: [UInt8] {
        switch self {
        case .bulk(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        // A text with a line end in it can only have come from a bulk error, or be a replacement of what is no UTF-8.
        case .simple(let text): Array("+\(text)\r\n".utf8)
        case .integer(let value): Array(":\(value)\r\n".utf8)
        case .null: Array("_\r\n".utf8)
        case .array(let values): Array("*\(values.count)\r\n".utf8) + values.flatMap(\.encoded)
        case .set(let values): Array("~\(values.count)\r\n".utf8) + values.flatMap(\.encoded)
        case .push(let values): Array(">\(values.count)\r\n".utf8) + values.flatMap(\.encoded)
        case .map(let entries): Array("%\(entries.count)\r\n".utf8) + entries.flatMap(\.encoded)
        case .double(let value): Array(",\(value)\r\n".utf8)
        case .boolean(let flag): Array("#\(flag ? "t" : "f")\r\n".utf8)
        case .bigNumber(let digits): Array("(\(digits)\r\n".utf8)
        case .verbatim(let format, let text):
            Array("=\(format.utf8.count + 1 + text.count)\r\n\(format):".utf8) + text + [13, 10]
        case .error(let reply): Array("!\(reply.text.utf8.count)\r\n\(reply.text)\r\n".utf8)
        case .attributed(let value, let entries):
            Array("|\(entries.count)\r\n".utf8) + entries.flatMap(\.encoded) + value.encoded
        }
    }
}

extension RESPValue.Entry {
    fileprivate var withoutNaN: RESPValue.Entry { .init(key.withoutNaN, value.withoutNaN) }
    fileprivate var encoded: [UInt8] { key.encoded + value.encoded }
}
