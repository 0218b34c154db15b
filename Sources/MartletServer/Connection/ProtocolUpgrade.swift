import HTTPTypes

/// How a connection leaves HTTP: see ``Response/init(upgradeTo:fields:speak:)``.
public nonisolated struct ProtocolUpgrade: Sendable {
    /// The protocol's name, as the Upgrade field has it.
    public let name: String
    let way: Way

    enum Way: Sendable {
        /// A closure speaks it until it returns, in the connection's task.
        case spoken(@MainActor @Sendable (UpgradedConnection) async throws -> Void)
        /// Somebody takes the connection over, and gives it back when it has ended.
        case takenOver(@MainActor @Sendable (UpgradedConnection, ConnectionLease) -> any TakenConnection)
    }

    /// What a request is answered with that does not ask for it.
    var required: HTTPError {
        HTTPError(
            .upgradeRequired, "this is spoken to with \(name): send Connection: Upgrade and Upgrade: \(name)",
            fields: [.upgrade: name])
    }

    /// The 101 response.
    func response(with fields: HTTPFields) -> Response {
        var response = Response(status: .switchingProtocols)
        response.fields = fields
        response.fields[.upgrade] = name
        response.fields[.connection] = "Upgrade"
        return response
    }
}

/// A connection that another protocol has taken over, as its server sees it.
package protocol TakenConnection: AnyObject {
    /// The server drains: the connection is to end soon.
    func drain()
    /// It is to end at once.
    func abort()
}

/// The server's place of a connection that was taken over, given back once.
package final class ConnectionLease {
    private var onEnd: (() -> Void)?

    init(onEnd: @escaping () -> Void) {
        self.onEnd = onEnd
    }

    deinit {}

    /// The connection has ended, and nobody works for it any more.
    package func end() {
        let ended = onEnd
        onEnd = nil
        ended?()
    }
}
