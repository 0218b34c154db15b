import Logging
import MartletClient
import MartletNet
import MartletTLS

/// How a client reaches the server.
public struct WebSocketClientOptions: Sendable {
    /// How long everything may take until the WebSocket is open: looking up the name, connecting, proxy, handshake,
    /// redirects.
    public var timeout: Duration = .seconds(30)
    /// Whether a proxy is used.
    public var proxy = HTTPProxy.none
    /// Where to connect in place of the URL's host and port, which the server is still told: a Unix socket, mostly. No
    /// proxy is used then. Redirects to other hosts connect to those.
    public var address: SocketAddress?
    /// How TLS is spoken with `wss://`: whom to trust, client certificates, versions.
    public var tls = TLSClientSettings()
    /// What looks names up.
    public var resolver = Resolver.shared
    /// How connections are made.
    public var connect = ConnectOptions()
    /// Redirects that are followed; 0 for none.
    public var redirectLimit = 5
    /// Where it is told what does not end up in an error.
    public var logger = Logger(label: "martlet.websocket.client")

    /// The defaults.
    public init() {}
}
