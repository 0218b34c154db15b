import HTTPTypes
import Logging
import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// How a client behaves. What one request wants otherwise stands in ``HTTPClientRequest``.
public struct HTTPClientSettings {
    /// How long each part of a request may take.
    public var timeouts = HTTPClientTimeouts()
    /// How much is taken.
    public var limits = HTTPClientLimits()
    /// Which redirects are followed.
    public var redirects = HTTPRedirects()
    /// Where cookies are kept between requests; `nil`: they are not.
    public var cookies: CookieJar?
    /// Who the client says it is, to servers that ask for it.
    public var credentials: HTTPCredentials?
    /// When a request that failed is sent again; never, unless set, but where it is provably safe: see ``HTTPClient``.
    public var retries = HTTPRetries.none
    /// Whether bodies are asked for in gzip, deflate and brotli, and decompressed.
    public var decompresses = true
    /// The value of User-Agent; `nil` for none.
    public var userAgent: String? = "Martlet"
    /// Fields that every request gets which does not have them itself.
    public var fields = HTTPFields()
    /// Which proxy is used.
    public var proxy = HTTPProxy.none
    /// Where to connect in place of every URL's host and port, which the server is still told: a Unix socket, mostly. No
    /// proxy is used then.
    public var address: SocketAddress?
    /// What looks names up.
    public var resolver = Resolver.shared
    /// How TLS is spoken: whom to trust, client certificates, versions. `http/1.1` is offered (ALPN).
    public var tls = TLSClientSettings()
    /// How connections are made.
    public var connect = ConnectOptions()
    /// Whether an address may be connected to; all may, unless set. It is asked about every address that a name resolves
    /// to, about addresses in URLs and about those of proxies, each time before one is connected to.
    public var allowsAddress: (@MainActor (SocketAddress) -> Bool)?
    /// What is done around every request, the first one outermost.
    public var interceptors: [any HTTPClientInterceptor] = []
    /// Where it is told what does not end up in an error.
    public var logger = Logger(label: "martlet.client")

    /// The defaults.
    public init() {}
}
