/// Why a datagram socket cannot do what was asked of it. What the system refuses is a `SystemError`.
public nonisolated struct DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The socket is closed on this side.
        public static let closed = Code(rawValue: 0)
        /// The address is no multicast group.
        public static let noGroup = Code(rawValue: 1)
        /// There is no such network interface.
        public static let noInterface = Code(rawValue: 2)
    }

    /// What went wrong.
    public let code: Code
    private let subject: String

    init(_ code: Code, _ subject: String) {
        self.code = code
        self.subject = subject
    }

    /// `the datagram socket at 127.0.0.1:53 is closed; …`
    public var description: String {
        switch code {
        case .closed: "the datagram socket\(subject) is closed; do not use it after close()"
        case .noGroup: "\(subject) is no multicast group: those are 224.0.0.0 to 239.255.255.255 and ff00::/8"
        case .noInterface: "there is no network interface \"\(subject)\"; \"ip link\" lists them"
        default: "the datagram socket\(subject) failed"
        }
    }
}
