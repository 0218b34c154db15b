/// The values of X-Forwarded-For, -Proto and -Host: what proxies sent before there was ``Forwarded``, and most still do.
///
/// Anybody can send these fields: believe only what proxies of yours have added, with ``ClientChain``.
public struct XForwarded: Sendable {
    /// The client that each proxy has noted, the last by the closest one; nil for what cannot be read. Of more than
    /// ``Forwarded/maximumCount``, those farthest away are left out.
    public let nodes: [ForwardedNode?]
    /// The schemes by which proxies received the request, in lower case. Most send only one, whatever the number of
    /// proxies; what is no scheme is left out.
    public let schemes: [String]
    /// The hosts that proxies received, each perhaps with a port; what is no host is left out.
    public let hosts: [String]

    /// Reads the values of the three fields; nil for one that the request does not have.
    ///
    /// - Parameters:
    ///   - addresses: the value of X-Forwarded-For.
    ///   - schemes: the value of X-Forwarded-Proto.
    ///   - hosts: the value of X-Forwarded-Host.
    public init(for addresses: String?, proto schemes: String? = nil, host hosts: String? = nil) {
        nodes = Self.elements(addresses).map { ForwardedNode($0) }
        self.schemes = Self.elements(schemes).compactMap { ForwardedText.scheme($0) }
        self.hosts = Self.elements(hosts).compactMap { ForwardedText.host($0) }
    }

    private static func elements(_ field: String?) -> [Substring] {
        field.map { TrailingElements($0, hasQuotedStrings: false).prefix(Forwarded.maximumCount).reversed() } ?? []
    }
}
