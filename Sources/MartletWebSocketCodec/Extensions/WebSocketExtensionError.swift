/// What is wrong with the extensions that the other end of a WebSocket has named when it was opened.
///
/// A server answers a request with it with 400, a client fails the connection: RFC 6455 §4.1, §9.1.
public struct WebSocketExtensionError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, for the log.
    public let message: String

    init(_ message: String) { self.message = message }

    /// The message.
    public var description: String { message }

    /// What the other end has sent, in short enough a form for a message.
    static func quoted(_ text: String) -> String { "\"\(text.prefix(64))\"" }
}
