import MartletNet

/// Where connections go, and how: those to the same destination can stand in for each other.
nonisolated struct Destination: Hashable {
    enum Way: Hashable {
        /// To the host itself.
        case direct
        /// To another place, which is spoken to as if it were the host: a Unix socket.
        case address(SocketAddress)
        /// To a proxy that is told whole URLs and passes requests on. `origin` is the proxy's.
        case forwarding(HTTPURL)
        /// Through a proxy that makes a tunnel (CONNECT, or SOCKS).
        case tunnel(HTTPURL)
    }

    let origin: HTTPOrigin
    let way: Way

    var isForwarding: Bool {
        if case .forwarding = way { return true }
        return false
    }
}
