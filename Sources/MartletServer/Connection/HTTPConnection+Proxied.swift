import MartletHTTP
import MartletNet

/// What a proxy says about a client's connection to it.
struct ProxiedConnection {
    /// The client's address.
    var source: SocketAddress
    /// The address that the client has connected to.
    var destination: SocketAddress?
}

/// The PROXY protocol: a header before the first request.
extension HTTPConnection {
    /// Reads the header, if all of it is there.
    func takeProxyHeader() throws(ConnectionEnd) {
        guard let input, !input.isEmpty else { return }
        do throws(ProxyHeaderError) {
            guard case .complete(let length, let header) = try ProxyHeaderParser().parse(input.unread.span) else {
                return
            }
            input.consume(length)
            awaitsProxyHeader = false
            if tlsToCome != nil {
                let received = Array(input.unread)
                releaseInput()
                beginTLS(received: received)
            } else if input.isEmpty {
                releaseInput()
            }
            guard header.command == .proxy, let source = SocketAddress(header.source) else { return }
            proxied = ProxiedConnection(source: source, destination: SocketAddress(header.destination))
        } catch {
            // Who does not speak the protocol is no proxy: an answer would tell a scanner what is here.
            server.refusedProxyHeader(error, from: self)
            throw .lost
        }
    }
}

extension SocketAddress {
    /// The address that a proxy tells; `nil` when it tells none.
    init?(_ endpoint: ProxyEndpoint) {
        switch endpoint {
        case .ipv4(let bits, let port):
            self = .ipv4(IPv4(bits: bits), port: port)
        case .ipv6(let bits, let port):
            self = .ipv6(
                IPv6(high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits)), port: port)
        case .unix(let path):
            self = .unix(String(decoding: path, as: UTF8.self))
        case .unspecified:
            return nil
        }
    }
}
