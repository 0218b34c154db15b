import Glibc
import MartletLoop

/// The other end of sd_notify: what systemd would be told (man 3 sd_notify), in order.
final class NotifySocket {
    struct Message: CustomStringConvertible {
        let arrived: EventLoop.Instant
        let fields: [(name: String, value: String)]

        subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
        var description: String { fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
    }

    let path: String
    private(set) var messages: [Message] = []
    private let descriptor: Int32
    private var watch: DescriptorWatch?

    init(path: String) throws {
        self.path = path
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, kind, 0)
        try UnixPath.bind(descriptor, to: path)
    }

    func start() throws {
        watch = try EventLoop.main.watch(descriptor, for: .readable) { [weak self] _ in self?.receive() }
    }

    /// The watch has to end before the descriptor goes.
    func stop() {
        watch?.cancel()
        if watch != nil { close(descriptor) }
        watch = nil
    }

    /// Waits for a message from number `start` on that sets `name`, to `value` if that is given; returns its number.
    @discardableResult
    func wait(
        for name: String, _ value: String? = nil, from start: Int = 0, within limit: Duration = .seconds(30)
    ) async throws -> Int {
        var found: Int?
        try await eventually("\(name)=\(value ?? "…") is notified; so far: \(messages)", within: limit) {
            found = messages.indices.dropFirst(start).first { index in
                messages[index][name].map { value == nil || $0 == value } ?? false
            }
            return found != nil
        }
        return found ?? messages.endIndex
    }

    private func receive() {
        var bytes = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count <= 0 { return }
            let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
            }
            messages.append(Message(arrived: .readClock(), fields: fields))
        }
    }
}

/// Unix sockets by path, straight from the system calls.
enum UnixPath {
    static func bind(_ descriptor: Int32, to path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = path.utf8
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Failure("\(path) is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure("cannot bind \(path): errno \(errno)") }
    }

    /// What a process that was killed leaves: the socket's file, and nobody behind it.
    static func leaveStaleSocket(at path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        try bind(descriptor, to: path)
        guard listen(descriptor, 1) == 0 else { throw Failure("cannot listen on \(path): errno \(errno)") }
    }
}
