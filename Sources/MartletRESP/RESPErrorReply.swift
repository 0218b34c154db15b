/// What a server says in place of a result: `WRONGTYPE Operation against a key holding the wrong kind of value`.
public struct RESPErrorReply: Error, Hashable, Sendable, CustomStringConvertible {
    /// All of it, in the server's words.
    public let text: String

    /// An error with this text.
    public init(_ text: String) { self.text = text }

    /// Its first word, which says what kind of error it is: `ERR`, `WRONGTYPE`, `MOVED`.
    public var code: String { String(text.prefix { $0 != " " }) }

    /// What follows the code.
    public var message: String { String(text.drop { $0 != " " }.dropFirst()) }

    /// The text.
    public var description: String { text }
}
