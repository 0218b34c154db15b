import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// What a client asks for.
///
/// ```swift
/// var request = HTTPClientRequest(.post, "https://api.example.org/users", body: try .json(user))
/// request[.accept] = "application/json"
/// request.timeout = .seconds(5)
/// let response = try await client.execute(request)
/// ```
///
/// Host, Content-Length, Transfer-Encoding and Connection are the client's to write; setting them in `fields` has no
/// effect.
public nonisolated struct HTTPClientRequest: Sendable {
    /// The method.
    public var method: HTTPRequest.Method
    /// What for. A user and password in it are sent as basic authentication (RFC 7617), unless `fields` has
    /// Authorization.
    public var url: HTTPURL
    /// Fields of the head.
    public var fields: HTTPFields
    /// The body.
    public var body: HTTPClientRequestBody
    /// What differs from the client's settings; nothing is allocated while nothing does.
    var options: Options?

    /// What is rarely set.
    final class Options: Sendable {
        let values: Values

        init(_ values: Values) { self.values = values }
    }

    /// The values of ``Options``.
    struct Values: Sendable {
        var timeout: Duration?
        var redirects: HTTPRedirects?
        var retries: HTTPRetries?
        var decompresses: Bool?
        var credentials: HTTPCredentials?
        var address: SocketAddress?
        var expectsContinue = false
        /// Set while redirects lead to other origins, which the caller's credentials are not for.
        var withholdsCredentials = false
        var deadline: EventLoop.Instant?
    }

    /// A request.
    public init(
        _ method: HTTPRequest.Method = .get, _ url: HTTPURL, fields: HTTPFields = HTTPFields(),
        body: HTTPClientRequestBody = .none
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }

    /// The value of a field; several of one name are joined by commas.
    public subscript(_ name: HTTPField.Name) -> String? {
        get { fields[name] }
        set { fields[name] = newValue }
    }

    /// How long everything may take, to the last byte of the response's body; as the settings say, unless set.
    public var timeout: Duration? {
        get { options?.values.timeout }
        set { change { $0.timeout = newValue } }
    }

    /// Which redirects are followed; as the settings say, unless set.
    public var redirects: HTTPRedirects? {
        get { options?.values.redirects }
        set { change { $0.redirects = newValue } }
    }

    /// When it is sent again; as the settings say, unless set.
    public var retries: HTTPRetries? {
        get { options?.values.retries }
        set { change { $0.retries = newValue } }
    }

    /// Whether the body is asked for in compressed form and decompressed; as the settings say, unless set.
    public var decompresses: Bool? {
        get { options?.values.decompresses }
        set { change { $0.decompresses = newValue } }
    }

    /// Who the client says it is; as the settings say, unless set.
    public var credentials: HTTPCredentials? {
        get { options?.values.credentials }
        set { change { $0.credentials = newValue } }
    }

    /// Where to connect in place of the URL's host and port: `"unix:/run/app.sock"`.
    public var address: SocketAddress? {
        get { options?.values.address }
        set { change { $0.address = newValue } }
    }

    /// Whether the body waits until the server says that it wants it (RFC 9110 §10.1.1), which spares sending a large one
    /// in vain.
    public var expectsContinue: Bool {
        get { options?.values.expectsContinue ?? false }
        set { change { $0.expectsContinue = newValue } }
    }

    var values: Values { options?.values ?? Values() }

    mutating func change(_ change: (inout Values) -> Void) {
        var values = values
        change(&values)
        options = Options(values)
    }
}
