/// Why a channel does not take what is sent.
public nonisolated struct ChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What became of the channel.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// `Channel.close` was called.
        public static let closed = Code(rawValue: 0)
    }

    /// What became of the channel.
    public let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// `the channel is closed: …`
    public var description: String {
        "the channel is closed: what was sent has not been received, and nothing will be"
    }
}
