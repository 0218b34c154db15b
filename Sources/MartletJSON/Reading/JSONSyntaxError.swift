/// Where and why a document is not JSON. It is the underlying error of the `DecodingError.dataCorrupted` that
/// `JSONReader` throws.
public struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    /// What was expected or is wrong, without the place.
    public let reason: String
    /// The byte that is wrong, counted from 0; the length of the document when it ends too early.
    public let offset: Int
    /// The line of that byte, counted from 1.
    public let line: Int
    /// The byte's place in its line, counted from 1 in bytes.
    public let column: Int

    init(_ reason: String, at offset: Int, in bytes: UnsafePointer<UInt8>) {
        self.reason = reason
        self.offset = offset
        var line = 1
        var lineStart = 0
        for i in 0..<offset where bytes[i] == 0x0A {
            line += 1
            lineStart = i + 1
        }
        self.line = line
        column = offset - lineStart + 1
    }

    /// The place and the reason in one line.
    public var description: String { "line \(line), column \(column) (byte \(offset)): \(reason)" }
}
