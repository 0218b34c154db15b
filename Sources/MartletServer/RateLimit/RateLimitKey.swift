import MartletHTTP

/// What has a rate limit of its own.
public struct RateLimitKey {
    /// Tells keys of different kinds apart that say the same of a request.
    let kind: String
    private let extract: (Request, inout SipHash) -> Bool

    /// Each client: see ``Request/clientAddress``, and ``TrustedProxies`` behind a proxy.
    ///
    /// Clients whose address nobody knows count as one.
    ///
    /// - Parameter prefix6: how many bits of an IPv6 address make a client, 0 to 128: a subscriber usually has 64 to
    ///   itself.
    public static func client(prefix6: Int = 64) -> RateLimitKey {
        RateLimitKey(kind: "client/\(prefix6)") { request, hash in
            addClient(request, prefix6, to: &hash)
            return true
        }
    }

    /// Each route, for all clients together; what no route answers counts as one.
    public static let route = RateLimitKey(kind: "route") { request, hash in
        addRoute(request, to: &hash)
        return true
    }

    /// Each client on each route.
    ///
    /// - Parameter prefix6: as of ``client(prefix6:)``.
    public static func clientAndRoute(prefix6: Int = 64) -> RateLimitKey {
        RateLimitKey(kind: "client/\(prefix6) route") { request, hash in
            addClient(request, prefix6, to: &hash)
            addRoute(request, to: &hash)
            return true
        }
    }

    /// Whatever has the same value: a user, a key of an API.
    ///
    /// - Parameter value: tells it; `nil`: the request is not limited.
    public static func value(_ value: @escaping (Request) -> String?) -> RateLimitKey {
        RateLimitKey(kind: "value") { request, hash in
            guard let text = value(request) else { return false }
            hash.add(text)
            return true
        }
    }

    private init(kind: String, _ extract: @escaping (Request, inout SipHash) -> Bool) {
        self.kind = kind
        self.extract = extract
    }

    /// Adds what the request has in common with others; false when it is not limited.
    func add(_ request: Request, to hash: inout SipHash) -> Bool {
        extract(request, &hash)
    }

    private static func addClient(_ request: Request, _ prefix6: Int, to hash: inout SipHash) {
        let address = request.clientAddress
        if let network = ClientNetwork(address, prefix6: prefix6) {
            hash.add(network.isIPv4 ? 4 : 6)
            hash.add(UInt64(truncatingIfNeeded: network.bits))
            hash.add(UInt64(truncatingIfNeeded: network.bits >> 64))
        } else {
            hash.add(address)
        }
    }

    private static func addRoute(_ request: Request, to hash: inout SipHash) {
        guard let route = request.route else { return hash.add("") }
        hash.add(route.method.rawValue)
        hash.add(route.host ?? "")
        hash.add(route.pattern.description)
    }
}
