/// Who made a request that came through proxies.
public enum ClientChain {
    /// Where a request comes from, as far as that can be believed.
    public struct Client: Hashable, Sendable {
        /// The IP address.
        public let address: String
        /// The port, if it is known.
        public let port: UInt16?
        /// How many trusted proxies have been walked back: 0 when the peer itself is the client. What the last of them
        /// noted is the element at `count - hops` of the field.
        public let hops: Int
    }

    /// Walks back from the peer, as long as who is there is trusted and tells who was before, and returns where that
    /// ends: at the first address that is not trusted, or at the last one known.
    ///
    /// What an untrusted client writes into the field itself is so never looked at. What is no address, such as
    /// `unknown`, ends the walk before it.
    ///
    /// - Parameters:
    ///   - peer: the address at the other end of the connection.
    ///   - port: its port, if it is known.
    ///   - nodes: what proxies have noted, see ``Forwarded/nodes`` and ``XForwarded/nodes``; the last by the closest.
    ///   - hopLimit: how many proxies are walked back at most.
    ///   - isTrusted: whether a proxy at this address is one of yours, see ``AddressPrefix/contains(_:)``.
    public static func resolve<Failure: Error>(
        peer: String, port: UInt16? = nil, nodes: [ForwardedNode?], hopLimit: Int = 16,
        isTrusted: (String) throws(Failure) -> Bool
    ) throws(Failure) -> Client {
        var client = Client(address: peer, port: port, hops: 0)
        for node in nodes.reversed() {
            guard client.hops < hopLimit, let node, node.isAddress, try isTrusted(client.address) else { break }
            client = Client(address: node.name, port: node.port, hops: client.hops + 1)
        }
        return client
    }
}
