import MartletHTTP

/// Any form, any split: nothing traps, and pieces give what the whole gives, although each is dropped once it is read.
///
/// The first byte of the input is the seed of the split points and the length of the boundary, the rest is the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 1 else { return 0 }
    let body = Array(UnsafeBufferPointer(start: input + 1, count: count - 1))
    let boundary = input[0] & 1 == 0 ? "b" : "--boundary-"
    fuzzContentType(body)
    let whole = Transcript(of: body, pieces: [body.count], boundary)
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < body.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, body.count))
    }
    precondition(Transcript(of: body, pieces: ends, boundary) == whole, "the split changed the outcome")
    return 0
}

/// Any Content-Type: a parser or an error.
private func fuzzContentType(_ value: [UInt8]) {
    let text = "multipart/form-data; boundary=" + String(decoding: value.prefix(200), as: UTF8.self)
    do throws(HTTP1Error) {
        _ = try MultipartParser(contentType: text)
    } catch {
        precondition(error.status == 400 || error.status == 415)
    }
}

/// All that is told of a form.
private struct Transcript: Equatable {
    private struct Part: Equatable {
        var head: MultipartPartHead
        var data: [UInt8] = []
        var isOver = false
    }

    private var parts: [Part] = []
    private var error: HTTP1Error?

    init(of body: [UInt8], pieces ends: [Int], _ boundary: String) {
        do throws(HTTP1Error) {
            var parser = try MultipartParser(
                contentType: "multipart/form-data; boundary=\(boundary)",
                limits: MultipartLimits(partCount: 5, partHead: 256, ignored: 64))
            var start = 0
            for end in ends {
                try read(Array(body[start..<end]), &parser)
                start = end
            }
            try parser.finish()
            precondition(parts.allSatisfy(\.isOver), "a form is over before its parts")
        } catch {
            precondition(error.status == (error.code == .tooLarge ? 413 : 400) && !error.message.isEmpty)
            self.error = error
        }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        for part in parts { precondition(!contains(part.data, delimiter), "a delimiter within data") }
        precondition(parts.count <= 5 && parts.dropLast().allSatisfy(\.isOver))
    }

    private mutating func read(_ piece: [UInt8], _ parser: inout MultipartParser) throws(HTTP1Error) {
        var offset = 0
        while true {
            let before = offset
            switch try parser.next(piece.span, from: &offset) {
            case .partBegan(let head): parts.append(Part(head: head))
            case .data(let range):
                precondition(!range.isEmpty && range.lowerBound >= before && range.upperBound == offset)
                parts[parts.count - 1].data += piece[range]
            case .heldData(let held):
                precondition(!held.isEmpty && held.count < 74)
                parts[parts.count - 1].data += held
            case .partEnded: parts[parts.count - 1].isOver = true
            case .needsMore, .end:
                precondition(offset == piece.count)
                return
            }
        }
    }

    private func contains(_ data: [UInt8], _ delimiter: [UInt8]) -> Bool {
        data.indices.contains { data[$0...].starts(with: delimiter) }
    }
}
