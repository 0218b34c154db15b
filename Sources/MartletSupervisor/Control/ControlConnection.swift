import CMartlet
import Glibc
import MartletLoop

/// A connection to a control socket for programs that have nothing else to do meanwhile: it waits, with a deadline.
nonisolated struct ControlConnection: ~Copyable {
    private let descriptor: Int32
    private let deadline: EventLoop.Instant

    /// Connects.
    ///
    /// - Throws: ``ControlClientError`` with the code `unreachable`.
    init(path: String, deadline: EventLoop.Instant) throws(ControlClientError) {
        descriptor = try Self.connect(to: path, deadline: deadline)
        self.deadline = deadline
    }

    deinit { close(descriptor) }

    private static func connect(to path: String, deadline: EventLoop.Instant) throws(ControlClientError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard !path.isEmpty, path.utf8.count <= ControlSocketPath.longest, !path.utf8.contains(0) else {
            throw .unreachable(path, code: path.isEmpty ? ENOENT : ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(path, code: errno) }
        // EAGAIN: the queue of the listening socket is full (man 2 connect), which poll cannot wait for.
        while !connect(descriptor, &address) {
            let code = errno
            guard code == EAGAIN || code == EINTR, EventLoop.Instant.readClock() < deadline else {
                close(descriptor)
                throw .unreachable(path, code: code)
            }
            usleep(10_000)
        }
        return descriptor
    }

    private static func connect(_ descriptor: Int32, _ address: inout sockaddr_un) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// The process that listens; nil when it is in a PID namespace that this one does not see (man 7 unix,
    /// SO_PEERCRED).
    var peer: pid_t? {
        var pid: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        guard martlet_peer_credentials(descriptor, &pid, &user, &group) == 0, pid > 0 else { return nil }
        return pid
    }

    /// Sends all of a text.
    func send(_ text: String) throws(ControlClientError) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(for: POLLOUT)
            } else if errno != EINTR {
                throw .failed("cannot send the command: \(SystemError.message(errno))")
            }
        }
    }

    /// Receives until `isComplete` says so, or until the daemon closes the connection.
    func receive(until isComplete: ([UInt8]) -> Bool) throws(ControlClientError) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isComplete(received) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                received += buffer[..<count]
            } else if count == 0 || errno == ECONNRESET {
                break
            } else if errno == EAGAIN {
                try wait(for: POLLIN)
            } else if errno != EINTR {
                throw .failed("cannot receive the answer: \(SystemError.message(errno))")
            }
            guard received.count <= Self.longestReply else { throw .failed("the answer has no end") }
        }
        return received
    }

    private static let longestReply = 64 << 20

    private func wait(for events: Int32) throws(ControlClientError) {
        guard try Self.wait(descriptor, for: events, deadline: deadline) else {
            throw .failed(
                "the daemon did not answer in time; what was asked for may still be under way: see `show info`")
        }
    }

    /// Waits until a descriptor is ready; false when the deadline came first.
    static func wait(
        _ descriptor: Int32, for events: Int32, deadline: EventLoop.Instant
    ) throws(ControlClientError) -> Bool {
        while true {
            let left = deadline - EventLoop.Instant.readClock()
            guard left > .zero else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let milliseconds = left / .milliseconds(1)
            let count = poll(&entry, 1, Int32(min(milliseconds + 1, 1_000_000_000)))
            if count > 0 { return true }
            if count < 0, errno != EINTR { throw .failed("cannot wait: \(SystemError.message(errno))") }
        }
    }
}
