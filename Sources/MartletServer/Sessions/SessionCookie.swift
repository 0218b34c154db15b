import Glibc
import HTTPTypes
import MartletHTTP

/// How the cookie of sessions looks.
public nonisolated struct SessionCookie: Sendable {
    /// Its name; `__Host-` in front of it ties it to this host and to HTTPS.
    public var name = "session"
    /// How long a session lives after it was last changed.
    public var lifetime: Duration = .seconds(14 * 86_400)
    /// The paths it is sent for.
    public var path = "/"
    /// The domain it is sent to as well; `nil`: this host alone.
    public var domain: String?
    /// Whether it is sent over HTTPS only; `nil`: if the request that sets it came over HTTPS.
    public var isSecure: Bool?
    /// Whether other sites' requests carry it: only when somebody follows a link here, unless said otherwise.
    public var sameSite: SetCookie.SameSite? = .lax

    /// The defaults.
    public init() {}

    /// The time in seconds since 1970.
    static var now: Int64 { Int64(time(nil)) }

    var seconds: Int64 { max(1, lifetime.components.seconds) }

    /// Tells the client to keep `value`; `isSecure` is whether the request came over HTTPS.
    func set(_ value: String, in response: inout Response, isSecure: Bool) throws {
        response.set(
            try SetCookie(
                name, value, path: path, domain: domain, maxAge: Int(seconds), isSecure: self.isSecure ?? isSecure,
                isHTTPOnly: true, sameSite: sameSite))
        Self.keepFromCaches(&response)
    }

    /// Tells the client to forget it.
    func expire(in response: inout Response) throws {
        response.set(try SetCookie.expired(name, path: path, domain: domain))
        Self.keepFromCaches(&response)
    }

    /// A response that sets a cookie is for one client (RFC 9111 §7.3).
    private static func keepFromCaches(_ response: inout Response) {
        if response.fields[.cacheControl] == nil { response.fields[.cacheControl] = "no-store" }
    }
}
