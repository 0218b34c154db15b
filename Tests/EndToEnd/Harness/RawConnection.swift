import Glibc
import MartletLoop

/// A client's TCP connection with nothing between the test and the bytes.
final class RawConnection {
    /// How the other side ended the connection.
    enum End: Equatable {
        case closed
        case reset
    }

    private var descriptor: Int32
    /// All that has come in.
    private(set) var received: [UInt8] = []
    private(set) var end: End?

    init(port: UInt16) throws {
        descriptor = try Loopback.connect(to: port)
    }

    isolated deinit { close() }

    var text: String { String(decoding: received, as: UTF8.self) }

    /// The status codes of the answers so far, in order.
    var statuses: [Int] {
        text.matches(of: #/HTTP/1\.[01] ([0-9]{3}) /#).compactMap { Int($0.output.1) }
    }

    /// Sends everything, waiting for room as needed.
    func send(_ text: String, within limit: Duration = .seconds(30)) async throws {
        try await send(Array(text.utf8), within: limit)
    }

    func send(_ bytes: [UInt8], within limit: Duration = .seconds(30)) async throws {
        var rest = bytes[...]
        try await eventually("\(bytes.count) bytes are sent", within: limit) {
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count < 0, errno == EAGAIN || errno == ENOTCONN { return false }
                // A server that refuses early may close before it has read all: what it answered is still to be read.
                if count < 0, errno == EPIPE || errno == ECONNRESET { return true }
                guard count >= 0 else { throw Failure("cannot send: errno \(errno)") }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// No more will be sent.
    func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Waits until what has come in contains `wanted`.
    func receive(until wanted: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually(
            "\(wanted.debugDescription) arrives after \(text.prefix(300).debugDescription)", within: limit
        ) {
            try drain()
            if text.contains(wanted) { return true }
            if let end { throw Failure("the connection was \(end) after \(text.prefix(300).debugDescription)") }
            return false
        }
    }

    /// Waits until the other side ends the connection, and says how.
    @discardableResult
    func receiveToEnd(within limit: Duration = .seconds(30)) async throws -> End {
        try await eventually("the connection ends after \(text.prefix(300).debugDescription)", within: limit) {
            try drain()
            return end != nil
        }
        return end ?? .closed
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Drops what has come in so far.
    func forget() {
        received = []
    }

    /// Takes what is there. Whether the connection is still open shows in `end`.
    func drain() throws {
        var chunk = [UInt8](repeating: 0, count: 16384)
        while end == nil {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                received += chunk[..<count]
            } else if count == 0 {
                end = .closed
            } else if errno == ECONNRESET || errno == EPIPE {
                end = .reset
            } else if errno == ECONNREFUSED {
                throw Failure("the connection was refused")
            } else {
                return  // nothing yet
            }
        }
    }
}
