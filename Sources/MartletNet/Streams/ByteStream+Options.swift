import Glibc
import MartletLoop

/// Options of the socket below (man 7 tcp, man 7 socket). They throw for what is no socket of the kind.
extension ByteStream {
    /// Sets whether small writes leave at once (TCP_NODELAY). They do, unless told otherwise, on connections that
    /// `connect` or a server made.
    public func setNoDelay(_ isOn: Bool) throws {
        try set(Int32(IPPROTO_TCP), TCP_NODELAY, isOn ? 1 : 0, "TCP_NODELAY")
    }

    /// Sets how a connection on which nothing happens is probed; `nil` turns that off (SO_KEEPALIVE).
    public func setKeepAlive(_ keepAlive: ListenOptions.KeepAlive?) throws {
        try set(SOL_SOCKET, SO_KEEPALIVE, keepAlive == nil ? 0 : 1, "SO_KEEPALIVE")
        if let keepAlive { SocketOptions.apply(keepAlive, to: descriptor) }
    }

    /// Sets how many bytes the kernel holds that were sent and not taken yet, before writes have to wait; the kernel
    /// doubles it for its own needs (SO_SNDBUF).
    public func setSendBuffer(_ bytes: Int) throws {
        try set(SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes), "SO_SNDBUF")
    }

    /// Sets how many bytes the kernel holds that arrived and were not read yet, before the peer has to wait; the kernel
    /// doubles it for its own needs (SO_RCVBUF).
    public func setReceiveBuffer(_ bytes: Int) throws {
        try set(SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes), "SO_RCVBUF")
    }

    private func set(_ level: Int32, _ name: Int32, _ value: Int32, _ text: String) throws {
        guard descriptor >= 0 else { throw failure(.closed) }
        guard SocketOptions.set(descriptor, level, name, value) else {
            throw SystemError("set \(text) of", target: peerName ?? "descriptor \(descriptor)")
        }
    }
}
