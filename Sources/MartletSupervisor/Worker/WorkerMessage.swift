/// What supervisor and worker say to each other over their socket pair (SOCK_SEQPACKET), one message a packet.
///
/// Format, numbers little-endian: version (1 byte), kind (1 byte), then the kind's fields: numbers of 4 or 8 bytes;
/// texts as their length in 2 bytes and UTF-8; lists as their count in 2 bytes and their elements. Nothing may follow.
///
/// Both sides distrust each other: a message that is not exactly so is refused with a `WorkerMessageError`, and the
/// process that sent it is to be ended.
public nonisolated protocol WorkerMessage: Hashable, Sendable {
    /// Reads a packet.
    init(decoding bytes: [UInt8]) throws(WorkerMessageError)
    /// Writes a packet of at most `WorkerMessageFormat.longest` bytes.
    func encoded() throws(WorkerMessageError) -> [UInt8]
}

/// The limits of the format.
public nonisolated enum WorkerMessageFormat {
    /// Goes up when a message changes; supervisor and worker are the same binary, so there is but one.
    public static let version: UInt8 = 1
    /// The longest message in bytes.
    public static let longest = 16 << 10
    /// The longest text in bytes, where the message does not shorten it.
    static let longestText = 4096
    /// The most listeners in one message: as many descriptors as one packet carries (SCM_MAX_FD, man 7 unix).
    public static let mostListeners = 253
}

/// A message that cannot be read or written.
public nonisolated struct WorkerMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public let reason: String
    /// Where, in bytes from the start.
    public let offset: Int

    /// `malformed worker message at byte 7: …`
    public var description: String { "malformed worker message at byte \(offset): \(reason)" }
}

/// A listening socket as the supervisor describes it; its descriptor travels in the same order.
public nonisolated struct ListenerDescription: Hashable, Sendable {
    /// The name from the configuration.
    public var name: String
    /// The address in the configuration's notation.
    public var address: String

    /// A description.
    public init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}
