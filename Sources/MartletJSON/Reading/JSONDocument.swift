/// A scanned document: what decoders and containers are views into.
///
/// The bytes are the caller's while the caller waits; a decoder that outlives that keeps a copy.
final class JSONDocument {
    /// `count` bytes, which the scanner has accepted. Proof of all reads here: the tape's offsets lie within them.
    private var bytes: UnsafePointer<UInt8>
    private let count: Int
    private var ownsBytes = false
    let tape: JSONTape
    let conversions: JSONConversions
    let userInfo: [CodingUserInfoKey: any Sendable]

    /// The index of the document's only value.
    static let root = 0

    /// Scans `bytes`, which must stay until the document is gone or `keepBytes` was called.
    init(_ bytes: UnsafeBufferPointer<UInt8>, reader: borrowing JSONReader) throws(JSONSyntaxError) {
        count = bytes.count
        // Of an empty document no byte is read; any address will do.
        self.bytes = bytes.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped
        tape = try JSONScanner.scan(self.bytes, count: count, depthLimit: reader.depthLimit)
        conversions = reader.conversions
        userInfo = reader.userInfo
    }

    deinit { if ownsBytes { bytes.deallocate() } }

    /// Makes the document independent of the caller's bytes.
    func keepBytes() {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        copy.initialize(from: bytes, count: count)
        bytes = UnsafePointer(copy)
        ownsBytes = true
    }

    /// The bytes of a number, or between the quotes of a string.
    @inline(__always)
    func bytes(of entry: JSONTape.Entry) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes + Int(entry.start), count: Int(entry.length))
    }

    /// The text of the string or key at `index`.
    @inline(__always)
    func text(_ entry: JSONTape.Entry) -> String {
        if entry.kind == .plain { return String(decoding: bytes(of: entry), as: UTF8.self) }
        return JSONUnescaping.string(bytes(of: entry))
    }

    /// The keys and positions that lead to the value at `index`, which is found by going down to it from the root, so
    /// that nothing has to be noted on the way of those who meet no error.
    func path(to index: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var container = Self.root
        while container < index {
            let isObject = tape[container].kind == .object
            var position = 0
            var child = container + 1
            while true {
                let value = isObject ? child + 1 : child
                let next = Int(tape[value].next)
                if index < next {
                    path.append(isObject ? JSONKey(stringValue: text(tape[child])) : JSONKey(intValue: position))
                    container = value
                    break
                }
                child = next
                position += 1
            }
        }
        return path
    }
}
