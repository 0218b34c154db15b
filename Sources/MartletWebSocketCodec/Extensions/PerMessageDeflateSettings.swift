/// How this end wants messages to be compressed, be it the server or the client.
///
/// The defaults cost a socket no memory between messages: each message is compressed by itself, by what the worker
/// lends (``DeflateContexts``). ``contextTakeover`` makes small messages that resemble each other several times smaller,
/// for about 50 KiB per socket.
public struct PerMessageDeflateSettings: Sendable, Equatable {
    /// Whether compression is offered or accepted at all.
    public let isOffered: Bool
    /// The server is to compress each message by itself. In a client's offer, a condition.
    public let serverNoContextTakeover: Bool
    /// The client is to compress each message by itself. Every client must do so if the server says it.
    public let clientNoContextTakeover: Bool
    /// The window that the server compresses with at most, 9 to 15 bits. In a client's offer, a condition if not 15.
    public let serverMaxWindowBits: Int
    /// The window that the client compresses with at most, 9 to 15 bits. For a server a wish: clients that do not name
    /// `client_max_window_bits` in their offer use 15.
    public let clientMaxWindowBits: Int
    /// How hard this end tries to compress, from 1, fast, to 9, small. At 4, zlib takes 128 KiB of text in 2.4 ms.
    public let level: Int
    /// How much memory goes into it: ``MessageDeflater``. 1 to 9.
    public let memoryLevel: Int
    /// Messages of fewer bytes are sent as they are: they would hardly become smaller.
    public let threshold: Int

    /// Settings; what they mean is with the properties.
    public init(
        isOffered: Bool = true, serverNoContextTakeover: Bool = true, clientNoContextTakeover: Bool = true,
        serverMaxWindowBits: Int = 15, clientMaxWindowBits: Int = 15, level: Int = 4, memoryLevel: Int = 8,
        threshold: Int = 1024
    ) {
        precondition(
            (9...15).contains(serverMaxWindowBits) && (9...15).contains(clientMaxWindowBits),
            "zlib compresses with windows of 9 to 15 bits")
        precondition((1...9).contains(level) && (1...9).contains(memoryLevel), "zlib has levels from 1 to 9")
        self.isOffered = isOffered
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = serverMaxWindowBits
        self.clientMaxWindowBits = clientMaxWindowBits
        self.level = level
        self.memoryLevel = memoryLevel
        self.threshold = threshold
    }

    /// No compression.
    public static let off = Self(isOffered: false)

    /// Messages refer to those before them, within windows of 4 KiB. A socket that has sent and received compressed
    /// messages holds 38 KiB to compress and 11 KiB to decompress, 39 KiB if its client cannot be asked for a window.
    public static let contextTakeover = Self(
        serverNoContextTakeover: false, clientNoContextTakeover: false, serverMaxWindowBits: 12,
        clientMaxWindowBits: 12, memoryLevel: 5, threshold: 64)
}
