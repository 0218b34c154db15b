/// What the first bytes of a control connection are.
nonisolated enum FirstLine: Hashable, Sendable {
    /// An HTTP request line (RFC 9112 §3): everything that follows is HTTP too.
    case http
    /// A text command, without its line end, and how many bytes it took.
    case text(String, length: Int)
    /// Not a whole line yet.
    case incomplete
    /// Longer than a line may be, or no text.
    case refused(String)

    /// The longest line in bytes.
    static let longest = 4096

    /// - Parameter isComplete: whether nothing more comes, so that the last line needs no line end.
    init(_ bytes: [UInt8], isComplete: Bool = false) {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        guard end ?? bytes.count <= Self.longest else {
            self = .refused("the line is longer than \(Self.longest) bytes")
            return
        }
        guard end != nil || (isComplete && !bytes.isEmpty) else {
            self = .incomplete
            return
        }
        var line = bytes[..<(end ?? bytes.count)]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard let text = String(validating: line, as: UTF8.self), !line.contains(0) else {
            self = .refused("the line is not UTF-8 text")
            return
        }
        self = Self.isHTTP(text) ? .http : .text(text, length: end.map { $0 + 1 } ?? bytes.count)
    }

    /// `METHOD target HTTP/…`: the server judges the rest.
    private static func isHTTP(_ line: String) -> Bool {
        guard let last = line.split(separator: " ").last else { return false }
        return last.hasPrefix("HTTP/") && line.contains(" ")
    }
}
