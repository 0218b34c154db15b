import HTTPTypes
import MartletHTTP

/// What single fields say.
extension Request {
    /// The cookies that the client sends (RFC 6265 §4.2). Each call reads them anew.
    public var cookies: Cookies {
        Cookies(values(.cookie))
    }

    /// Which media types the client wants (RFC 9110 §12.5.1): `request.accept.best(of: [.json, .html])`.
    public var accept: Accept {
        Accept(self[.accept])
    }

    /// Which languages the client wants (RFC 9110 §12.5.4).
    public var acceptLanguage: AcceptLanguage {
        AcceptLanguage(self[.acceptLanguage])
    }
}
