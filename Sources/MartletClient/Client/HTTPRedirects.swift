/// Which redirects a client follows, RFC 9110 §15.4.
///
/// 303 turns every method but HEAD into GET, 301 and 302 turn POST into GET, as browsers do; 307 and 308 keep method and
/// body. To another origin, Authorization, Cookie and Proxy-Authorization are not sent, nor credentials of the settings;
/// from `https` to `http` is an error unless it is allowed.
public nonisolated struct HTTPRedirects: Hashable, Sendable {
    /// How many in a row; 0 for none, and then the response is what the caller gets.
    public var limit: Int
    /// Whether they may lead from `https` to `http`.
    public var allowsDowngrade = false

    /// Follows up to `limit` in a row.
    public init(limit: Int = 10) {
        self.limit = limit
    }

    /// None is followed: the redirecting response is the caller's.
    public static let none = HTTPRedirects(limit: 0)
}
