import CMartlet
import Glibc
import MartletLoop
import MartletNet

/// The control socket's file: claimed without a race, taken over when nobody serves it, removed at the end if it is
/// still ours.
struct ControlSocket {
    let path: String
    let descriptor: Int32
    /// Whether a file that nobody served was in the way.
    let replacedStaleFile: Bool
    private let identity: FileIdentity

    private struct FileIdentity: Equatable {
        let device: dev_t
        let inode: ino_t

        init?(_ path: String) {
            var facts = stat()
            guard lstat(path, &facts) == 0 else { return nil }
            device = facts.st_dev
            inode = facts.st_ino
        }
    }

    private static let waiting: Int32 = 64

    /// Listens at a path.
    ///
    /// Daemons that start at the same time take turns: what is found in the way is judged under a lock (man 2 flock) on
    /// its directory.
    ///
    /// - Throws: who serves the path already, or what keeps it from being made.
    init(path: String, mode: UInt32) throws(SystemError) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
        try ControlSocketPath.makeDirectory(for: path, environment: ControlSocketPath.processEnvironment)
        let lock = try Self.lock(directory, for: path)
        defer { close(lock) }
        replacedStaleFile = try Self.removeStaleFile(path)
        let before = umask(0o177)
        defer { umask(before) }
        var options = ListenOptions()
        options.backlog = Self.waiting
        options.mode = mode
        descriptor = try ListeningSocket.bind(.unix(path), options: options).descriptor
        guard let identity = FileIdentity(path) else {
            close(descriptor)
            throw SystemError("make the control socket", target: path)
        }
        self.path = path
        self.identity = identity
    }

    /// Removes the file, unless it has become somebody else's.
    func remove() {
        if FileIdentity(path) == identity { unlink(path) }
    }

    private static func lock(_ directory: String, for path: String) throws(SystemError) -> Int32 {
        let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else {
            throw SystemError(
                "make the control socket", target: path,
                advice: "create the directory \(directory) for this user, or set control to another path")
        }
        // Held for as long as the lines below take elsewhere.
        for _ in 0..<100 {
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { return lock }
            usleep(10_000)
        }
        close(lock)
        throw SystemError("lock the control socket's directory", target: directory, code: EWOULDBLOCK)
    }

    private static func removeStaleFile(_ path: String) throws(SystemError) -> Bool {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return false }
        guard facts.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError(
                "make the control socket", target: path, code: EEXIST,
                advice: "the file is no socket: remove it, or set control to another path")
        }
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let probe = socket(AF_UNIX, flags, 0)
        guard probe >= 0 else { throw SystemError("probe the control socket", target: path) }
        defer { close(probe) }
        guard connect(probe, to: path) == 0 else {
            switch errno {
            case ECONNREFUSED:
                unlink(path)
                return true
            case EAGAIN: throw served(path, by: nil)
            default: throw SystemError("probe the control socket", target: path)
            }
        }
        var pid: Int32 = 0
        var (user, group): (UInt32, UInt32) = (0, 0)
        throw served(path, by: martlet_peer_credentials(probe, &pid, &user, &group) == 0 ? pid : nil)
    }

    private static func served(_ path: String, by pid: Int32?) -> SystemError {
        SystemError(
            "make the control socket", target: path, code: EADDRINUSE,
            advice:
                "it is already served by \(pid.map { "pid \($0)" } ?? "another process"): stop that, or set control to "
                + "another path")
    }

    private static func connect(_ descriptor: Int32, to path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = path.utf8.prefix(MemoryLayout.size(ofValue: address.sun_path) - 1)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
