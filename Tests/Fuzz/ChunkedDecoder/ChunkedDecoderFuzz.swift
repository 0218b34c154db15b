import MartletHTTP

/// Any chunked body, any split: nothing traps, pieces give what the whole gives, and the trailers that come through can
/// be sent on.
///
/// The first byte of the input is the seed of the split points, the rest is the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunkedDecoder(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 1 else { return 0 }
    let body = Array(UnsafeBufferPointer(start: input + 1, count: count - 1))
    let whole = Transcript(of: body, pieces: [body.count])
    var random = UInt64(input[0]) &* 0x9E37_79B9_7F4A_7C15 | 1
    var ends: [Int] = []
    while ends.last ?? 0 < body.count {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        ends.append(min((ends.last ?? 0) + 1 + Int(random >> 33) % 9, body.count))
    }
    precondition(Transcript(of: body, pieces: ends) == whole, "the split changed the outcome")
    whole.checkRoundTrip()
    return 0
}

/// All that is told of a body.
private struct Transcript: Equatable {
    private var data: [UInt8] = []
    private var trailers: [String]?
    private var length: Int?
    private var error: HTTP1Error?

    init(of body: [UInt8], pieces ends: [Int]) {
        var decoder = HTTP1ChunkedDecoder(
            limits: HTTP1Limits(fieldSection: 256, fieldCount: 6, chunkExtensions: 64), bodyLimit: 1 << 20)
        var offset = 0
        do throws(HTTP1Error) {
            for end in ends where length == nil { try read(body, end, &offset, &decoder) }
        } catch {
            precondition(error.status >= 400 && error.status < 600 && !error.message.isEmpty)
            self.error = error
        }
    }

    private mutating func read(
        _ body: [UInt8], _ end: Int, _ offset: inout Int, _ decoder: inout HTTP1ChunkedDecoder
    ) throws(HTTP1Error) {
        while true {
            switch try decoder.next(body.span.extracting(..<end), from: &offset) {
            case .data(let range):
                precondition(!range.isEmpty && range.upperBound == offset)
                data += body[range]
            case .needsMore:
                precondition(offset == end && decoder.trailers == nil)
                return
            case .end:
                length = offset
                trailers = decoder.trailers?.map { "\($0.name): \($0.value)" }
                checkTrailers(decoder)
                return
            }
        }
    }

    /// What must hold of trailers: none frames a message, and what is written of them is read back.
    private func checkTrailers(_ decoder: HTTP1ChunkedDecoder) {
        guard let fields = decoder.trailers else { return }
        precondition(!fields.isEmpty && fields.count <= 6)
        precondition(fields[.contentLength] == nil && fields[.transferEncoding] == nil)
        precondition(fields[.authorization] == nil && fields[.setCookie] == nil)
        var output = ByteBuffer()
        HTTP1ChunkedEncoder.end(trailers: fields, in: &output)
        let written = output.withReadableBytes { Array($0) }
        var reader = HTTP1ChunkedDecoder()
        var offset = 0
        let event = try? reader.next(written.span, from: &offset)
        precondition(event == .end && reader.trailers == fields, "trailers do not come back as they went")
    }

    /// What was decoded comes back when it is encoded again.
    func checkRoundTrip() {
        var output = ByteBuffer()
        data.withUnsafeBytes { HTTP1ChunkedEncoder.append($0, to: &output) }
        HTTP1ChunkedEncoder.end(in: &output)
        let written = output.withReadableBytes { Array($0) }
        let again = Transcript(of: written, pieces: [written.count])
        precondition(again.data == data && again.length == written.count && again.error == nil)
    }
}
