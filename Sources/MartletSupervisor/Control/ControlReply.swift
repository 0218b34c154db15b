/// What a daemon answered to a control client.
public nonisolated struct ControlReply: Hashable, Sendable {
    /// The answer: lines of text, or JSON; without a line end at its end.
    public let text: String
    /// Whether what was asked for was refused or failed; the text says why.
    public let isError: Bool

    private static let errorMark = "error: "

    /// Whether a reply of the text protocol is complete: an empty line ends it.
    static func endOfText(_ bytes: [UInt8]) -> Bool {
        bytes.suffix(2) == [0x0A, 0x0A] || bytes == [0x0A]
    }

    /// Reads a reply of the text protocol.
    ///
    /// - Parameter isEndOptional: the daemon may be gone before it has said everything, because it was told to go.
    init(text bytes: [UInt8], isEndOptional: Bool) throws(ControlClientError) {
        guard isEndOptional || Self.endOfText(bytes) else { throw Self.incomplete }
        let whole = String(decoding: bytes, as: UTF8.self).trimmingLineEnds()
        isError = whole.hasPrefix(Self.errorMark)
        // Further lines of an error are indented by as much.
        let indentation = "\n" + String(repeating: " ", count: Self.errorMark.count)
        text = isError ? String(whole.dropFirst(Self.errorMark.count)).replacing(indentation, with: "\n") : whole
    }

    /// Reads an HTTP response that ends with its connection (RFC 9112 §6.3).
    init(http bytes: [UInt8]) throws(ControlClientError) {
        guard let end = Self.endOfHead(bytes) else { throw Self.incomplete }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw .failed("what answers there does not speak HTTP; is it the daemon's control socket?")
        }
        let body = bytes[end...]
        for line in lines.dropFirst() where line.lowercased().hasPrefix("content-length:") {
            let length = Int(line.drop { $0 != ":" }.dropFirst().filter { $0 != " " })
            guard length == body.count else { throw Self.incomplete }
        }
        text = String(decoding: body, as: UTF8.self).trimmingLineEnds()
        isError = !(200...299).contains(status)
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
            .map { $0 + mark.count }
    }

    private static let incomplete = ControlClientError.failed(
        "the daemon closed the connection before its answer was complete; its log says why")
}

nonisolated extension String {
    fileprivate func trimmingLineEnds() -> String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
