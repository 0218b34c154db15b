import HTTPTypes
import MartletNet
import MartletTLS

/// What an exchange needs of whatever its request came over: a connection, or a test.
protocol ExchangeTransport: AnyObject {
    /// The client's address; `nil` when there is none any more.
    var peerAddress: SocketAddress? { get }
    /// The address that the client has connected to; `nil` when there is none any more.
    var localAddress: SocketAddress? { get }
    /// Whether it came by TLS.
    var isSecure: Bool { get }
    /// What its ends have agreed on, if it came by TLS.
    var tls: TLSSession? { get }
    /// What has come behind a chunked body that has been read to its end.
    var trailers: HTTPFields? { get }

    /// The next piece of the body, or `nil` at its end.
    ///
    /// - Throws: `HTTPError`.
    func nextBodyChunk() async throws -> [UInt8]?

    /// Sends an interim response, RFC 9110 §15.2; does nothing where the client would not understand it.
    func sendInformational(status: Int, fields: HTTPFields) async throws
}
