/// The boundary of a multipart body, RFC 2046 §5.1.1: 1 to 70 characters that no line of a part may begin with, behind
/// two hyphens.
struct MultipartBoundary {
    /// What ends a part: CR LF, two hyphens and the boundary. CR stands in it once, in front.
    let delimiter: [UInt8]

    /// The boundary that is the given text, nil when it cannot be one.
    init?(_ text: some BidirectionalCollection<UInt8>) {
        guard (1...70).contains(text.count), text.last != ASCII.space, text.allSatisfy(Self.isAllowed) else {
            return nil
        }
        delimiter = [ASCII.carriageReturn, ASCII.lineFeed, ASCII.hyphen, ASCII.hyphen] + text
    }

    /// The boundary that a Content-Type names.
    ///
    /// - Throws: 415 when the type is not `multipart/form-data`, 400 when its boundary is missing, repeated or not
    ///   valid.
    init(contentType: String) throws(HTTP1Error) {
        guard let type = MediaType(contentType), type.essence == "multipart/form-data" else {
            throw HTTP1Error(.multipart, status: 415, "Content-Type is not multipart/form-data")
        }
        let boundaries = type.parameters.filter { $0.name == "boundary" }
        guard let boundary = boundaries.first, boundaries.count == 1 else {
            throw HTTP1Error(.multipart, "Content-Type has \(boundaries.isEmpty ? "no boundary" : "two boundaries")")
        }
        guard let valid = MultipartBoundary(boundary.value.utf8) else {
            throw HTTP1Error(.multipart, "the boundary in Content-Type is not 1 to 70 characters of RFC 2046")
        }
        self = valid
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x27...0x29, 0x2B...0x2F, ASCII.colon, ASCII.equals, ASCII.questionMark, ASCII.underscore, ASCII.space:
            true
        default: ASCII.isDigit(byte) || ASCII.isLetter(byte)
        }
    }
}
