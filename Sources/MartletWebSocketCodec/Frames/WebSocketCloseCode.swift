/// Why a connection is closed, RFC 6455 §7.4 and the registry of IANA. Applications have 4000–4999 to themselves.
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt16

    /// A code by its number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// 1000: the purpose of the connection is fulfilled.
    public static let normalClosure = WebSocketCloseCode(rawValue: 1000)
    /// 1001: the server goes down, or the user has left the page.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// 1002: the peer breaks the protocol.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// 1003: data of a kind that is not accepted here, such as binary messages.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// 1005, never sent: the close frame of the peer had no code.
    public static let noStatusReceived = WebSocketCloseCode(rawValue: 1005)
    /// 1006, never sent: the connection ended without a close frame.
    public static let abnormalClosure = WebSocketCloseCode(rawValue: 1006)
    /// 1007: a message is not what its kind says, such as text that is not UTF-8.
    public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    /// 1008: a message breaks a rule for which no other code fits.
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// 1009: a message is too large.
    public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// 1010: a client misses an extension that the server did not agree to.
    public static let mandatoryExtension = WebSocketCloseCode(rawValue: 1010)
    /// 1011: something unexpected happened to the server.
    public static let internalError = WebSocketCloseCode(rawValue: 1011)
    /// 1012: the server restarts; connect again.
    public static let serviceRestart = WebSocketCloseCode(rawValue: 1012)
    /// 1013: the server is overloaded; connect again later.
    public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)
    /// 1014: a gateway got an invalid answer from the server behind it.
    public static let badGateway = WebSocketCloseCode(rawValue: 1014)
    /// 1015, never sent: the TLS handshake failed.
    public static let tlsHandshake = WebSocketCloseCode(rawValue: 1015)

    /// Whether a close frame may carry the code: 1000–1003, 1007–1014 and 3000–4999.
    public var isValidOnTheWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension WebSocketCloseCode: CustomStringConvertible {
    /// The number, as a log shows it.
    public var description: String { String(rawValue) }
}
