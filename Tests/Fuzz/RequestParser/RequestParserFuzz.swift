import MartletHTTP

/// Any bytes, any split: nothing traps, and pieces give what the whole gives.
///
/// The first byte of the input is the seed of the split points, the rest is what a client sends: heads with their
/// bodies, one behind the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestParser(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 1 else { return 0 }
    let stream = Array(UnsafeBufferPointer(start: input + 1, count: count - 1))
    let whole = Transcript(of: stream, pieces: [stream.count])
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < stream.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, stream.count))
    }
    precondition(Transcript(of: stream, pieces: ends) == whole, "the split changed the outcome")
    return 0
}

/// All that is told of a stream of requests.
private struct Transcript: Equatable {
    private var heads: [String] = []
    private var body: [UInt8] = []
    private var error: HTTP1Error?

    private var parser = HTTP1RequestParser(limits: HTTP1Limits(requestLine: 256, fieldSection: 1024, fieldCount: 12))
    private var decoder: HTTP1ChunkedDecoder?
    private var remaining: UInt64 = 0

    static func == (left: Transcript, right: Transcript) -> Bool {
        left.heads == right.heads && left.body == right.body && left.error == right.error
    }

    init(of stream: [UInt8], pieces ends: [Int]) {
        var start = 0
        do throws(HTTP1Error) {
            for end in ends { try read(stream, &start, end) }
        } catch {
            precondition(error.status >= 400 && error.status < 600 && !error.message.isEmpty)
            self.error = error
        }
    }

    private mutating func read(_ stream: [UInt8], _ start: inout Int, _ end: Int) throws(HTTP1Error) {
        while true {
            let before = start
            let hadBody = decoder != nil || remaining > 0
            if hadBody {
                try readBody(stream, &start, end)
                if decoder != nil || remaining > 0 { return }
            } else {
                let seen = stream.span.extracting(start..<end)
                guard case .complete(let length) = try parser.parse(seen) else { return }
                precondition(length > 0 && length <= seen.count)
                check(seen.extracting(..<length))
                begin(seen)
                start += length
            }
            precondition(start > before || hadBody, "no progress")
        }
    }

    private mutating func readBody(_ stream: [UInt8], _ start: inout Int, _ end: Int) throws(HTTP1Error) {
        guard decoder != nil else {
            let taken = Int(min(remaining, UInt64(end - start)))
            body += stream[start..<(start + taken)]
            start += taken
            remaining -= UInt64(taken)
            return
        }
        let seen = stream.span.extracting(..<end)
        while let event = try decoder?.next(seen, from: &start) {
            switch event {
            case .data(let range):
                precondition(!range.isEmpty && range.upperBound == start)
                body += stream[range]
            case .needsMore:
                precondition(start == end)
                return
            case .end: decoder = nil
            }
        }
    }

    /// Notes the head and prepares for its body.
    private mutating func begin(_ bytes: Span<UInt8>) {
        var text = "\(parser.method) \(parser.targetForm) \(parser.minorVersion) \(parser.body) "
        text += "\(parser.isKeepAlive) \(parser.expectsContinue)"
        for range in [parser.methodName, parser.target, parser.path, parser.query, parser.host] {
            text += " [" + (range.map { String($0, in: bytes) } ?? "-") + "]"
        }
        for field in parser.fields.makeFields(in: bytes) { text += " \(field.name): \(field.value)" }
        heads.append(text)
        switch parser.body {
        case .none: break
        case .length(let length):
            precondition(length > 0)
            remaining = length
        case .chunked: decoder = HTTP1ChunkedDecoder(limits: parser.limits, bodyLimit: 1 << 20)
        }
        parser.reset()
    }

    /// What must hold of every accepted head.
    private func check(_ head: Span<UInt8>) {
        var lengths = 0
        for i in 0..<head.count {
            let byte = head[i]
            precondition(byte != 0, "NUL accepted")
            precondition(byte != 0x0A || (i > 0 && head[i - 1] == 0x0D), "bare LF accepted")
            precondition(byte != 0x0D || (i + 1 < head.count && head[i + 1] == 0x0A), "bare CR accepted")
        }
        for field in parser.fields {
            precondition(!field.name.isEmpty && Int(field.value.end) <= head.count)
            if head.equals(field.name, lowercased: "content-length") { lengths += 1 }
            if head.equals(field.name, lowercased: "transfer-encoding") { lengths += 1 }
        }
        precondition(lengths <= 1, "two framings accepted")
        precondition(lengths == 1 || parser.body == .none, "a body without framing")
    }
}
