import MartletHTTP

/// Any bytes, any split: nothing traps, and pieces give what the whole gives.
///
/// The first byte of the input is the seed of the split points and says which request is answered, the rest is what a
/// server sends: heads with their bodies, one behind the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzResponseParser(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 1 else { return 0 }
    let methods: [HTTPMethod] = [.get, .head, .connect]
    let method = methods[Int(input[0]) % methods.count]
    let stream = Array(UnsafeBufferPointer(start: input + 1, count: count - 1))
    let whole = Transcript(of: stream, answering: method, pieces: [stream.count])
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < stream.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, stream.count))
    }
    let pieces = Transcript(of: stream, answering: method, pieces: ends)
    precondition(pieces == whole, "the split changed the outcome")
    return 0
}

/// All that is told of a stream of responses.
private struct Transcript: Equatable {
    private enum Part {
        case head
        case length(UInt64)
        case chunks(HTTP1ChunkedDecoder)
        /// A body that ends with the connection, or another protocol.
        case rest
    }

    private var heads: [String] = []
    private var body: [UInt8] = []
    private var error: HTTP1Error?

    private let method: HTTPMethod
    private var parser: HTTP1ResponseParser
    private var part = Part.head

    static func == (left: Transcript, right: Transcript) -> Bool {
        left.heads == right.heads && left.body == right.body && left.error == right.error
    }

    init(of stream: [UInt8], answering method: HTTPMethod, pieces ends: [Int]) {
        self.method = method
        let limits = HTTP1Limits(requestLine: 256, fieldSection: 1024, fieldCount: 12)
        parser = HTTP1ResponseParser(limits: limits, requestMethod: method)
        var start = 0
        do throws(HTTP1Error) {
            for end in ends {
                while try read(stream, &start, end) {}
            }
        } catch {
            precondition(error.status >= 400 && error.status < 600 && !error.message.isEmpty)
            self.error = error
        }
    }

    /// Reads one part; whether there may be another one.
    private mutating func read(_ stream: [UInt8], _ start: inout Int, _ end: Int) throws(HTTP1Error) -> Bool {
        switch part {
        case .head:
            let seen = stream.span.extracting(start..<end)
            guard case .complete(let length) = try parser.parse(seen) else { return false }
            precondition(length > 0 && length <= seen.count)
            check(seen.extracting(..<length))
            begin(seen)
            start += length
            return true
        case .length(let remaining):
            let taken = Int(min(remaining, UInt64(end - start)))
            body += stream[start..<(start + taken)]
            start += taken
            part = remaining == UInt64(taken) ? .head : .length(remaining - UInt64(taken))
            if case .head = part { return true }
            return false
        case .chunks(var decoder):
            defer { if case .chunks = part { part = .chunks(decoder) } }
            return try read(&decoder, stream, &start, end)
        case .rest:
            body += stream[start..<end]
            start = end
            return false
        }
    }

    private mutating func read(
        _ decoder: inout HTTP1ChunkedDecoder, _ stream: [UInt8], _ start: inout Int, _ end: Int
    ) throws(HTTP1Error) -> Bool {
        switch try decoder.next(stream.span.extracting(..<end), from: &start) {
        case .data(let range):
            precondition(!range.isEmpty && range.upperBound == start)
            body += stream[range]
            return true
        case .needsMore:
            precondition(start == end)
            return false
        case .end:
            part = .head
            return true
        }
    }

    /// Notes the head and prepares for its body.
    private mutating func begin(_ bytes: Span<UInt8>) {
        var text = "\(parser.status) \(parser.minorVersion) \(parser.body) \(parser.isKeepAlive) \(parser.isInterim)"
        text += " [" + String(parser.reason, in: bytes) + "]"
        for field in parser.fields.makeFields(in: bytes) { text += " \(field.name): \(field.value)" }
        heads.append(text)
        switch parser.body {
        case .none:
            let isOtherProtocol = parser.status == 101 || method == .connect && parser.status / 100 == 2
            part = isOtherProtocol ? .rest : .head
        case .length(let length):
            precondition(length > 0)
            part = .length(length)
        case .chunked: part = .chunks(HTTP1ChunkedDecoder(limits: parser.limits, bodyLimit: 1 << 20))
        case .untilClose: part = .rest
        }
        parser.reset(requestMethod: method)
    }

    /// What must hold of every accepted head.
    private func check(_ head: Span<UInt8>) {
        for i in 0..<head.count {
            let byte = head[i]
            precondition(byte != 0, "NUL accepted")
            precondition(byte != 0x0A || (i > 0 && head[i - 1] == 0x0D), "bare LF accepted")
            precondition(byte != 0x0D || (i + 1 < head.count && head[i + 1] == 0x0A), "bare CR accepted")
        }
        for field in parser.fields {
            precondition(!field.name.isEmpty && Int(field.value.end) <= head.count)
        }
        precondition((100...999).contains(parser.status), "a code without three digits")
        precondition(parser.body != .untilClose || !parser.isKeepAlive, "nothing can follow such a body")
        if method == .head { precondition(parser.body == .none, "a response to HEAD with a body") }
    }
}
