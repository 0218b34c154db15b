/// What was agreed on about compression when a WebSocket was opened: RFC 7692 §7.1.
public struct PerMessageDeflate: Sendable, Equatable {
    /// The name that the extension is registered by.
    public static let name = "permessage-deflate"

    /// The server compresses each message by itself.
    public var serverNoContextTakeover: Bool
    /// The client compresses each message by itself.
    public var clientNoContextTakeover: Bool
    /// The window that the server compresses with at most, 8 to 15 bits.
    public var serverMaxWindowBits: Int
    /// The window that the client compresses with at most, 8 to 15 bits.
    public var clientMaxWindowBits: Int

    /// What holds where nothing else is agreed on: context takeover, and the largest windows.
    public init(
        serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false, serverMaxWindowBits: Int = 15,
        clientMaxWindowBits: Int = 15
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
    }
}
