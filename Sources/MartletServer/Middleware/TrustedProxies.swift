import HTTPTypes
import MartletHTTP

/// Believes proxies of one's own about where requests come from: ``Request/clientAddress``, ``Request/scheme`` and
/// ``Request/authority`` are then what they say.
///
/// ```swift
/// router.use(TrustedProxies(["10.0.0.0/8", "unix"]))
/// ```
///
/// Anybody can send the fields, so only one kind of them is looked at, the one that the proxies write, and of it only
/// what addresses that are listed have added: the client is the first one, from the near end, that is not listed.
/// Scheme and host are those that the closest proxy tells.
public struct TrustedProxies: Filter {
    /// The fields in which proxies tell.
    public enum Fields: Sendable {
        /// X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
        case xForwarded
        /// Forwarded, RFC 7239.
        case forwarded
    }

    private let prefixes: [AddressPrefix]
    private let trustsUnixSockets: Bool
    private let fields: Fields

    private static let xFor = HTTPField.Name("X-Forwarded-For")!
    private static let xProto = HTTPField.Name("X-Forwarded-Proto")!
    private static let xHost = HTTPField.Name("X-Forwarded-Host")!
    private static let forwarded = HTTPField.Name("Forwarded")!

    /// A filter that believes the proxies at these addresses.
    ///
    /// Ends the program when one of them is no address.
    ///
    /// - Parameters:
    ///   - addresses: addresses and ranges of them: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`; `unix` for whoever
    ///     connects to a Unix socket.
    ///   - fields: what the proxies write.
    public init(_ addresses: [String], fields: Fields = .xForwarded) {
        prefixes = addresses.filter { $0 != "unix" }.map { address in
            guard let prefix = AddressPrefix(address) else {
                fatalError("cannot trust the proxy \"\(address)\": give an address, or a range such as 10.0.0.0/8")
            }
            return prefix
        }
        trustsUnixSockets = addresses.contains("unix")
        self.fields = fields
    }

    /// Reads what a trusted proxy tells.
    public func before(_ request: Request) throws -> Response? {
        switch fields {
        case .forwarded where request.has(Self.forwarded):
            guard let peer = trustedPeer(of: request) else { break }
            let forwarded = Forwarded(request[Self.forwarded])
            let closest = forwarded.elements.last
            request.exchange.notes.origin = RequestOrigin(
                address: client(peer, forwarded.nodes), scheme: webScheme(closest?.scheme), host: closest?.host)
        case .xForwarded where request.has(Self.xFor) || request.has(Self.xProto) || request.has(Self.xHost):
            guard let peer = trustedPeer(of: request) else { break }
            let values = XForwarded(
                for: request[Self.xFor], proto: request[Self.xProto], host: request[Self.xHost])
            request.exchange.notes.origin = RequestOrigin(
                address: client(peer, values.nodes), scheme: webScheme(values.schemes.last), host: values.hosts.last)
        default: break
        }
        return nil
    }

    private func trustedPeer(of request: Request) -> String? {
        guard let peer = request.peerAddress?.host, isTrusted(peer) else { return nil }
        return peer
    }

    private func client(_ peer: String, _ nodes: [ForwardedNode?]) -> String {
        ClientChain.resolve(peer: peer, nodes: nodes, isTrusted: isTrusted).address
    }

    private func isTrusted(_ address: String) -> Bool {
        if address == "unix" { return trustsUnixSockets }
        return prefixes.contains { $0.contains(address) }
    }

    private func webScheme(_ scheme: String?) -> String? {
        scheme == "http" || scheme == "https" ? scheme : nil
    }
}
