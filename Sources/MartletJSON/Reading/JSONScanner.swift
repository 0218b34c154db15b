/// Checks a document against RFC 8259 and writes its tape, in one pass.
///
/// Expects a value, or what may follow one:
///
///     value ── { ──▶ key ──▶ value        end ── , ──▶ key, in an object ──▶ value
///       ├───── [ ──▶ value                 ├──── } ] ──▶ end of the outer
///       └─ scalar ─▶ end                   └──── the document's end
struct JSONScanner: ~Copyable {
    private enum Expectation { case value, end }
    private static let none = UInt32.max

    let bytes: UnsafePointer<UInt8>
    let count: Int
    let depthLimit: Int
    var at = 0
    var tape: JSONTape
    /// The innermost container that is open; while it is, its `next` is the one around it.
    private var open = JSONScanner.none
    private var depth = 0

    /// Scans `bytes`, of which `count` are there.
    static func scan(
        _ bytes: UnsafePointer<UInt8>, count: Int, depthLimit: Int
    ) throws(JSONSyntaxError) -> JSONTape {
        guard count < UInt32.max else { throw JSONSyntaxError("the document is too large", at: 0, in: bytes) }
        var scanner = JSONScanner(bytes: bytes, count: count, depthLimit: depthLimit)
        try scanner.scan()
        return scanner.finish()
    }

    private init(bytes: UnsafePointer<UInt8>, count: Int, depthLimit: Int) {
        self.bytes = bytes
        self.count = count
        self.depthLimit = depthLimit
        tape = JSONTape(capacity: count / 8 + 8)
    }

    private consuming func finish() -> JSONTape { tape }

    /// The byte at `index`, or 0, which is part of no document outside strings, behind the end.
    @inline(__always)
    func byte(_ index: Int) -> UInt8 { index < count ? bytes[index] : 0 }

    private mutating func scan() throws(JSONSyntaxError) {
        var expectation = Expectation.value
        skipSpace()
        while true {
            switch expectation {
            case .value:
                expectation = try value()
            case .end:
                skipSpace()
                if open == Self.none {
                    guard at == count else { throw error("expected the end of the document") }
                    return
                }
                expectation = try end(isObject: tape[Int(open)].kind == .object)
            }
        }
    }

    private mutating func value() throws(JSONSyntaxError) -> Expectation {
        if open != Self.none { tape[Int(open)].length &+= 1 }
        switch byte(at) {
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "{"):
            try enter(.object)
            if byte(at) == UInt8(ascii: "}") {
                leave()
            } else {
                try key()
                return .value
            }
        case UInt8(ascii: "["):
            try enter(.array)
            if byte(at) == UInt8(ascii: "]") { leave() } else { return .value }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "t"): try word("true", .true)
        case UInt8(ascii: "f"): try word("false", .false)
        case UInt8(ascii: "n"): try word("null", .null)
        default: throw error("expected a value")
        }
        return .end
    }

    private mutating func end(isObject: Bool) throws(JSONSyntaxError) -> Expectation {
        switch byte(at) {
        case UInt8(ascii: ","):
            at &+= 1
            skipSpace()
            if isObject { try key() }
            return .value
        case isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
            leave()
            return .end
        default:
            throw error(isObject ? "expected a comma or the object's end" : "expected a comma or the array's end")
        }
    }

    private mutating func enter(_ kind: JSONTape.Kind) throws(JSONSyntaxError) {
        guard depth < depthLimit else { throw error("nested deeper than \(depthLimit) levels") }
        depth &+= 1
        tape.append(JSONTape.Entry(start: UInt32(truncatingIfNeeded: at), length: 0, next: open, kind: kind))
        open = UInt32(truncatingIfNeeded: tape.count &- 1)
        at &+= 1
        skipSpace()
    }

    private mutating func leave() {
        let index = Int(open)
        open = tape[index].next
        tape[index].next = UInt32(truncatingIfNeeded: tape.count)
        depth &-= 1
        at &+= 1
    }

    private mutating func key() throws(JSONSyntaxError) {
        guard byte(at) == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
        try string()
        skipSpace()
        guard byte(at) == UInt8(ascii: ":") else { throw error("expected a colon") }
        at &+= 1
        skipSpace()
    }

    private mutating func word(_ word: StaticString, _ kind: JSONTape.Kind) throws(JSONSyntaxError) {
        let start = at
        for i in 0..<word.utf8CodeUnitCount {
            guard byte(start &+ i) == word.utf8Start[i] else { throw error("expected a value") }
        }
        at = start &+ word.utf8CodeUnitCount
        append(kind, from: start, to: at)
    }

    @inline(__always)
    private mutating func skipSpace() {
        while true {
            switch byte(at) {
            case 0x20, 0x0A, 0x0D, 0x09: at &+= 1
            default: return
            }
        }
    }

    /// Notes a value that is no container.
    @inline(__always)
    mutating func append(_ kind: JSONTape.Kind, from start: Int, to end: Int) {
        // Offsets fit, because the document's length does; and there are no more values than bytes.
        tape.append(
            JSONTape.Entry(
                start: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: end &- start),
                next: UInt32(truncatingIfNeeded: tape.count &+ 1), kind: kind))
    }

    /// What went wrong at `at`, with what is there.
    func error(_ reason: String) -> JSONSyntaxError {
        let found: String
        switch byte(at) {
        case _ where at >= count: found = count == 0 ? "an empty document" : "the end of the document"
        case let byte where byte > 0x20 && byte < 0x7F: found = "\"\(Character(UnicodeScalar(byte)))\""
        case let byte: found = "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return JSONSyntaxError("\(reason), found \(found)", at: at, in: bytes)
    }
}
