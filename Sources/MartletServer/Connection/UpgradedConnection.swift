import MartletNet

/// A connection that has left HTTP.
public struct UpgradedConnection {
    /// The bytes in both directions, from the first one behind the request on. Closed when the one who speaks on it
    /// returns.
    public let stream: ByteStream
    /// The request that asked for it.
    public let request: Request
    /// Of a connection that is taken over: what has arrived behind the request, and is not in `stream`.
    package var firstBytes: [UInt8] = []
    /// Of a connection that is taken over: the server's.
    package var server: HTTPServer { request.exchange.server }
}

extension Request {
    /// Whether the client asks to go over to the protocol of that name (RFC 9110 §7.8), in any case of letters.
    public func asksForUpgrade(to name: String) -> Bool {
        guard minorVersion > 0, let upgrade = self[.upgrade], let connection = self[.connection] else { return false }
        return Self.list(connection, contains: "upgrade") && Self.list(upgrade, contains: name.lowercased())
    }

    private static func list(_ value: String, contains name: String) -> Bool {
        value.split(separator: ",").contains { element in
            element.drop(while: { $0 == " " || $0 == "\t" }).prefix { $0 != " " && $0 != "\t" }.lowercased() == name
        }
    }
}
