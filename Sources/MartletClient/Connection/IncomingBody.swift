import HTTPTypes

/// A body that is on its way over a connection, which is another exchange's as soon as it has come.
final class IncomingBody: BodyUpstream {
    var connection: ClientConnection?
    var trailers: HTTPFields?
    /// The end has come, and not only the connection's.
    var isComplete = false
    /// The last receive got a lot.
    var comesFast = false

    init(_ connection: ClientConnection) {
        self.connection = connection
    }

    deinit {}

    func nextPiece() async throws -> [UInt8]? {
        guard let connection else {
            guard isComplete else { throw CancellationError() }
            return nil
        }
        return try await connection.nextPiece(of: self)
    }

    func abandon() {
        connection?.abandon(self)
    }

    func cancel() {
        connection?.close()
    }
}
