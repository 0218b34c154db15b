import MartletHTTP

/// The client's side of SOCKS 5, RFC 1928, with user and password, RFC 1929: bytes in, bytes to send out.
///
/// ```
///   greeting ─▶ method ─┬─ none ─────────────────────▶ request ─▶ reply ─▶ done
///                       └─ user and password ─▶ status ──┘
/// ```
///
/// Names are resolved by the proxy: it gets them as they are. No byte behind the reply is asked for.
nonisolated struct SOCKS5Handshake {
    /// What to do next.
    enum Step: Equatable {
        case send([UInt8])
        case receive
        case done
    }

    private enum State {
        case method, status, replyHead, replyRest
    }

    private let host: String
    private let port: UInt16
    private let credentials: BasicCredentials?
    private var state = State.method
    private var buffer: [UInt8] = []
    /// How many bytes the state needs before it can be left.
    private var needed = 2

    init(host: String, port: UInt16, credentials: BasicCredentials?) {
        self.host = host
        self.port = port
        self.credentials = credentials
    }

    /// How many bytes may be received at most: what is behind them belongs to the server.
    var wanted: Int { needed - buffer.count }

    /// The greeting: which methods of authentication there are.
    mutating func start() -> Step {
        .send(credentials == nil ? [5, 1, 0] : [5, 2, 0, 2])
    }

    /// Goes on with the bytes that have come, ``wanted`` at most.
    mutating func received(_ bytes: [UInt8]) throws(SOCKS5Error) -> Step {
        buffer += bytes
        guard buffer.count >= needed else { return .receive }
        let message = buffer
        switch state {
        case .method: return try chose(message)
        case .status: return try authenticated(message)
        case .replyHead: return try replyBegan(message)
        case .replyRest: return .done
        }
    }

    private mutating func expect(_ state: State, _ count: Int) {
        self.state = state
        needed = count
        buffer = []
    }

    private mutating func chose(_ message: [UInt8]) throws(SOCKS5Error) -> Step {
        guard message[0] == 5 else { throw SOCKS5Error("does not speak SOCKS 5") }
        switch message[1] {
        case 0: return try request()
        case 2 where credentials != nil: return try authenticate()
        case 0xFF:
            throw SOCKS5Error(
                kind: .unauthorized(
                    credentials == nil
                        ? "wants a user and a password; write them into its URL" : "takes no user and password"))
        default: throw SOCKS5Error("chooses a method of authentication that it was not offered")
        }
    }

    private mutating func authenticate() throws(SOCKS5Error) -> Step {
        let user = Array((credentials?.user ?? "").utf8)
        let password = Array((credentials?.password ?? "").utf8)
        guard (1...255).contains(user.count), (1...255).contains(password.count) else {
            throw SOCKS5Error(
                kind: .unauthorized("takes a user and a password of 1 to 255 bytes each (RFC 1929); change them"))
        }
        expect(.status, 2)
        return .send([1, UInt8(user.count)] + user + [UInt8(password.count)] + password)
    }

    private mutating func authenticated(_ message: [UInt8]) throws(SOCKS5Error) -> Step {
        guard message[0] == 1 else { throw SOCKS5Error("answers the password as no RFC 1929 has it") }
        guard message[1] == 0 else {
            throw SOCKS5Error(kind: .unauthorized("wants another user or password than it got"))
        }
        return try request()
    }

    private mutating func request() throws(SOCKS5Error) -> Step {
        expect(.replyHead, 4)
        return .send([5, 1, 0] + (try destination()) + [UInt8(port >> 8), UInt8(port & 0xFF)])
    }

    private func destination() throws(SOCKS5Error) -> [UInt8] {
        if let address = IPAddressBytes(host) { return [address.bytes.count == 4 ? 1 : 4] + address.bytes }
        let name = Array(host.utf8)
        guard (1...255).contains(name.count) else { throw SOCKS5Error("takes names of at most 255 bytes") }
        return [3, UInt8(name.count)] + name
    }

    private mutating func replyBegan(_ message: [UInt8]) throws(SOCKS5Error) -> Step {
        guard message[0] == 5 else { throw SOCKS5Error("answers as no SOCKS 5 does") }
        guard message[1] == 0 else {
            throw SOCKS5Error("does not connect to \(host):\(port): \(Self.reason(message[1]))")
        }
        switch message[3] {
        case 1: expectRest(4)
        case 4: expectRest(16)
        case 3 where message.count == 4:
            // The length of the name comes first.
            needed = 5
            return .receive
        case 3: expectRest(Int(message[4]))
        default: throw SOCKS5Error("answers with an address of no kind that SOCKS 5 has")
        }
        return .receive
    }

    /// An address of so many bytes, and a port: nobody looks at them.
    private mutating func expectRest(_ address: Int) {
        expect(.replyRest, address + 2)
    }

    private static func reason(_ code: UInt8) -> String {
        switch code {
        case 2: "its rules do not allow it"
        case 3: "the network cannot be reached"
        case 4: "the host cannot be reached"
        case 5: "the connection is refused"
        case 6: "the connection took too long"
        case 7: "it knows no such command"
        case 8: "it knows no such kind of address"
        default: "error \(code)"
        }
    }
}

/// What a SOCKS proxy does wrong; who it is, whoever asked it knows.
nonisolated struct SOCKS5Error: Error {
    enum Kind {
        case `protocol`(String)
        case unauthorized(String)
        /// What reading or writing threw.
        case other(any Error)
    }

    let kind: Kind

    init(kind: Kind) {
        self.kind = kind
    }

    init(_ reason: String) {
        kind = .protocol(reason)
    }
}
