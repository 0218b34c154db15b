import HTTPTypes
import MartletHTTP
import MartletNet

/// A request, as a view of the bytes that arrived: strings and fields are made when they are asked for.
///
/// It may be kept as long as one likes; its body can be read until the response is sent.
public struct Request {
    let exchange: Exchange

    /// The method (RFC 9110 §9).
    public var method: HTTPRequest.Method {
        exchange.method()
    }

    /// The target as it was sent: path and query, percent-encoded.
    public var target: String {
        exchange.text(exchange.parser.target)
    }

    /// The target's path as it was sent, percent-encoded.
    public var path: String {
        exchange.text(exchange.parser.path)
    }

    /// The target's query without its question mark, percent-encoded; `nil` when it has none.
    public var query: String? {
        exchange.parser.query.map { exchange.text($0) }
    }

    /// What the route's pattern matched, percent-decoded.
    public var parameters: RouteParameters {
        RouteParameters(exchange: exchange)
    }

    /// The value of a field, without white space around it; `nil` when the request has none. Several fields of that
    /// name are joined by commas (RFC 9110 §5.3).
    ///
    /// A look-up compares names in place: nothing but the value is copied.
    public subscript(_ name: HTTPField.Name) -> String? {
        exchange.fieldValue(name)
    }

    /// All fields, in the order in which they were sent. Each call makes them anew.
    public var fields: HTTPFields {
        exchange.allFields()
    }

    /// The head in the types of swift-http-types. Each call makes it anew.
    public var httpRequest: HTTPRequest {
        HTTPRequest(method: method, scheme: nil, authority: self[.host], path: target, headerFields: fields)
    }

    /// The body.
    public var body: RequestBody {
        RequestBody(exchange: exchange)
    }

    /// The client's address; `nil` when the connection is gone. Asks the kernel.
    public var peerAddress: SocketAddress? {
        exchange.connection?.peerAddress
    }
}

extension HTTPField.Name {
    /// RFC 9110 §7.2; swift-http-types keeps it in `HTTPRequest.authority`.
    static let host = HTTPField.Name("Host")!
}
