import CMartlet
import Glibc

/// What came of asking the kernel to move bytes: all that can come of it.
public nonisolated enum Transfer: Hashable, Sendable {
    /// So many bytes were moved; 0 from a receive is the end of the stream.
    case moved(Int)
    /// Nothing can be moved now: wait for readiness.
    case wouldBlock
    /// It failed with this error number (man 3 errno).
    case failed(Int32)
}

extension EpollPoller {
    /// Receives into `buffer` (man 2 recv).
    @inline(__always)
    package func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Sends from `bytes` (man 2 send), without SIGPIPE.
    @inline(__always)
    package func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, moreComes: Bool = false) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT) | (moreComes ? Int32(MSG_MORE) : 0)
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Reads into `buffer` what is no socket (man 2 read).
    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Writes from `bytes` to what is no socket (man 2 write). SIGPIPE is the caller's to keep away.
    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Sends several pieces in one call (man 2 sendmsg), without SIGPIPE.
    package func send(_ descriptor: Int32, pieces: UnsafeMutableBufferPointer<iovec>) -> Transfer {
        var message = msghdr()
        message.msg_iov = pieces.baseAddress
        message.msg_iovlen = pieces.count
        while true {
            let count = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }

    /// Bytes that the kernel holds and the peer has not taken yet (man 7 tcp, SIOCOUTQ); `nil` when that is unknown.
    package func unsentBytes(_ descriptor: Int32) -> Int? {
        let count = martlet_unsent_bytes(descriptor)
        return count < 0 ? nil : Int(count)
    }

    /// Accepts a connection, non-blocking and close-on-exec (man 2 accept4): `.moved` carries its descriptor.
    package func accept(_ listener: Int32) -> Transfer {
        while true {
            let descriptor = martlet_accept(listener)
            if descriptor >= 0 { return .moved(Int(descriptor)) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .failed(errno) }
        }
    }
}
