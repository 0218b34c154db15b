import MartletHTTP

/// Any body under any codings: nothing traps, it comes to an end, no piece and no body is larger than it may be, and what
/// is decoded whole is decoded alike in pieces.
///
/// The first byte of the input chooses the codings, the second the split points and the limits; the rest is the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzContentDecoding(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 2 else { return 0 }
    let body = Array(UnsafeBufferPointer(start: input + 2, count: count - 2))
    let all = ContentDecoder.codings
    let number = 1 + Int(input[0] >> 6)
    let codings = (0..<number).map { all[Int(input[0] >> (2 * UInt8($0))) % all.count] }
    let limits = ContentDecodingLimits(body: [1, 100, 100_000, 3 << 20][Int(input[1] & 3)], expansion: 50)
    let whole = decoded(body, codings, limits, piece: body.count)
    let pieces = decoded(body, codings, limits, piece: 1 + Int(input[1] >> 2))
    if let whole, let pieces { precondition(whole == pieces, "the pieces changed what is decoded") }
    return 0
}

/// What a body becomes; nil when it is refused.
private func decoded(
    _ body: [UInt8], _ codings: [ContentCoding], _ limits: ContentDecodingLimits, piece size: Int
) -> [UInt8]? {
    let decoder = ContentDecoder(codings, limits: limits)
    var output: [UInt8] = []
    var start = 0
    while start < body.count {
        let end = min(body.count, start + size)
        decoder.take(Array(body[start..<end]), isLast: end == body.count)
        start = end
        do throws(ContentDecodingError) {
            while let piece = try decoder.next() {
                precondition(piece.count <= 64 << 10, "a piece is too large")
                output += piece
            }
        } catch {
            return nil
        }
        precondition(output.count <= limits.body, "the body exceeds its limit")
    }
    return output
}
