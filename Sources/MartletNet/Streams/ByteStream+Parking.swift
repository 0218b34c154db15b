import Glibc

/// For those who keep a stream parked while nothing is expected on it, such as a pool of connections.
extension ByteStream {
    /// Ends the reactor's wait without telling it. Nothing happens when there is none.
    package func unpark() {
        isParked = false
    }

    /// Whether the kernel has neither bytes nor the end of the stream for us, asked with a call of its own (man 2 recv,
    /// MSG_PEEK).
    package var hasNothingToRead: Bool {
        guard descriptor >= 0 else { return false }
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
            if count >= 0 { return false }
            if errno != EINTR { return errno == EAGAIN }
        }
    }
}
