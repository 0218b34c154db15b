/// What proxies tell of a request's target, if it can be what it should.
enum ForwardedText {
    static func host(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.count <= 260, Authority.isValid(ByteRange(0, bytes.count), in: bytes.span) else {
            return nil
        }
        return String(text)
    }

    /// RFC 3986 §3.1
    static func scheme(_ text: some StringProtocol) -> String? {
        guard let first = text.utf8.first, ASCII.isLetter(first), text.utf8.count <= 32,
            text.utf8.allSatisfy({
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.plus || $0 == ASCII.hyphen || $0 == ASCII.dot
            })
        else { return nil }
        return text.lowercased()
    }
}
