import Glibc
import MartletLoop

@testable import MartletNet

/// A client on the loop that sends exact bytes and reads exact answers, each wait with a deadline.
final class Client {
    private let stream: ByteStream
    private var received: [UInt8] = []
    /// All bytes that were received and sent so far.
    private(set) var bytesReceived: UInt64 = 0
    private(set) var bytesSent: UInt64 = 0

    private static let patience: Duration = .seconds(60)

    /// - Parameter receiveBuffer: the size of the kernel's receive buffer, for clients that are to be slow.
    init(_ address: SocketAddress, receiveBuffer: Int32? = nil) throws {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        guard address.withSystemAddress({ connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw SystemError("connect to", target: "\(address)", code: code)
        }
        stream = try Self.stream(descriptor)
    }

    /// A client at one end of a connection that exists already.
    init(descriptor: Int32) throws {
        stream = try Self.stream(descriptor)
    }

    private static func stream(_ descriptor: Int32) throws -> ByteStream {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return try ByteStream(descriptor: descriptor)
    }

    // MARK: Sending

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch rest.withUnsafeBytes({ stream.send($0) }) {
            case .moved(let count):
                rest.removeFirst(count)
                bytesSent += UInt64(count)
            case .wouldBlock:
                guard await stream.waitToWrite(until: .readClock() + Self.patience) == .ready else {
                    throw ClientError("the server does not read")
                }
            case .failed(let code): throw ClientError("sending failed: errno \(code)")
            }
        }
    }

    /// Sends as much as the kernel takes at once; how much that was.
    func sendWhatFits(_ bytes: [UInt8]) -> Int {
        guard case .moved(let count) = bytes.withUnsafeBytes({ stream.send($0) }) else { return 0 }
        bytesSent += UInt64(count)
        return count
    }

    /// Sends nothing more, and goes on reading.
    func finishSending() {
        stream.shutdownWriting()
    }

    /// Cuts the connection: the server sees a reset.
    func abort() {
        stream.abort()
    }

    func close() {
        stream.close()
    }

    // MARK: Reading

    /// The next response to a request of `method`, with its body; interim responses are responses of their own.
    func answer(to method: String = "GET") async throws -> Answer {
        var answer = try await head()
        if method == "HEAD" || answer.status < 200 || answer.status == 204 || answer.status == 304 { return answer }
        if answer["Transfer-Encoding"] == "chunked" {
            answer.body = try await chunks()
        } else if let length = answer["Content-Length"].flatMap(Int.init) {
            answer.body = try await take(length)
        } else {
            answer.body = try await rest()
        }
        return answer
    }

    /// The head of the next response.
    func head() async throws -> Answer {
        let line = try await take(upTo: "\r\n\r\n")
        return try Answer(head: String(decoding: line.dropLast(4), as: UTF8.self))
    }

    /// The data of one chunk; empty is the last one.
    func chunk() async throws -> [UInt8] {
        let line = String(decoding: try await take(upTo: "\r\n").dropLast(2), as: UTF8.self)
        guard let size = Int(line, radix: 16) else { throw ClientError("no chunk size: \(line)") }
        let data = try await take(size)
        guard try await take(2) == [13, 10] else { throw ClientError("a chunk does not end") }
        return data
    }

    private func chunks() async throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let data = try await chunk()
            if data.isEmpty { return body }
            body += data
        }
    }

    /// Everything until the server closes.
    func rest() async throws -> [UInt8] {
        while try await receiveMore() {}
        defer { received = [] }
        return received
    }

    /// Whether the server has closed, and has sent nothing more before.
    func isAtEnd() async throws -> Bool {
        try await rest().isEmpty
    }

    func take(_ count: Int) async throws -> [UInt8] {
        while received.count < count {
            guard try await receiveMore() else { throw ClientError("closed \(count - received.count) bytes early") }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func take(upTo end: String) async throws -> [UInt8] {
        let end = Array(end.utf8)
        var searched = 0
        while true {
            while searched + end.count <= received.count {
                if received[searched..<searched + end.count].elementsEqual(end) {
                    return try await take(searched + end.count)
                }
                searched += 1
            }
            guard try await receiveMore() else {
                throw ClientError("closed within \(beginning)")
            }
        }
    }

    /// `false` at the end, which a reset is, too.
    private func receiveMore() async throws -> Bool {
        while true {
            switch receive() {
            case .moved(let count): return count > 0
            case .failed(ECONNRESET): return false
            case .failed(let code): throw ClientError("receiving failed: errno \(code)")
            case .wouldBlock:
                guard await stream.waitToRead(until: .readClock() + Self.patience) == .ready else {
                    throw ClientError("nothing came behind \(beginning)")
                }
            }
        }
    }

    /// For errors: what has been received and not taken, if it is not too much.
    private var beginning: String {
        String(decoding: received.prefix(200), as: UTF8.self).debugDescription
    }

    private func receive() -> Transfer {
        let room = 65536
        var buffer = [UInt8](repeating: 0, count: room)
        let transfer = buffer.withUnsafeMutableBytes { stream.receive(into: $0) }
        if case .moved(let count) = transfer {
            received += buffer.prefix(count)
            bytesReceived += UInt64(count)
        }
        return transfer
    }
}

/// Two connected Unix sockets that do not block.
func socketPair() throws -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else { throw SystemError("make a pair of sockets") }
    return (ends[0], ends[1])
}
