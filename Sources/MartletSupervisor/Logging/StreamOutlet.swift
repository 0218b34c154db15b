import CMartlet
import Glibc
import MartletLoop
import Synchronization

/// Writes lines to standard error or a file, one write(2) each, and never waits.
///
/// Standard error is shared with other processes, so it cannot be made non-blocking: a pipe or terminal is opened once
/// more, through /proc, with a file description of its own; a socket is sent to without waiting; and where neither
/// is possible poll(2) is asked first.
nonisolated final class StreamOutlet: LogOutlet {
    private enum Way {
        case write, send, pollAndWrite
    }

    private let descriptor: Int32
    private let path: String?
    private let isOwned: Bool
    private let way: Way
    private let identity: LogIdentity
    private let withPriority: Bool
    /// Whether the last line was written in part, so that the next one must start on a new line.
    private let isTorn = Atomic(false)

    /// Lines to standard error.
    init(standardError: Int32, identity: LogIdentity) {
        self.identity = identity
        path = nil
        var facts = stat()
        let type = fstat(standardError, &facts) == 0 ? facts.st_mode & S_IFMT : 0
        switch type {
        case S_IFSOCK:
            (descriptor, isOwned, way) = (standardError, false, .send)
        case S_IFREG:
            (descriptor, isOwned, way) = (standardError, false, .write)
        default:
            let own = open(
                "/proc/self/fd/\(standardError)", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            (descriptor, isOwned, way) = own >= 0 ? (own, true, .write) : (standardError, false, .pollAndWrite)
        }
        // systemd reads a priority in front of each line of the streams that it connects (man 3 sd-daemon).
        withPriority =
            LogTarget.isJournalStream(standardError) || (type == S_IFSOCK && getenv("INVOCATION_ID") != nil)
    }

    /// Lines to the end of a file, which is created with mode 0640 if there is none.
    init(file path: String, identity: LogIdentity) throws(SystemError) {
        self.identity = identity
        self.path = path
        descriptor = try Self.openFile(path)
        isOwned = true
        way = .write
        withPriority = false
    }

    func write(_ entry: LogEntry) -> Bool {
        var bytes = LogLine(entry, identity: identity, withPriority: withPriority).bytes
        if isTorn.load(ordering: .relaxed) { bytes.insert(UInt8(ascii: "\n"), at: 0) }
        let count = put(bytes)
        if count > 0 { isTorn.store(count < bytes.count, ordering: .relaxed) }
        return count == bytes.count
    }

    private func put(_ bytes: [UInt8]) -> Int {
        while true {
            let count =
                switch way {
                case .send: send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                case .write: Glibc.write(descriptor, bytes, bytes.count)
                case .pollAndWrite: isWritable() ? Glibc.write(descriptor, bytes, bytes.count) : 0
                }
            if count < 0 && errno == EINTR { continue }
            return count
        }
    }

    private func isWritable() -> Bool {
        var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&question, 1, 0) == 1
    }

    func reopen() throws(SystemError) {
        guard let path else { return }
        let file = try Self.openFile(path)
        // The descriptor keeps its number: whoever is about to write to it writes to the old file or to the new.
        let result = dup2(file, descriptor)
        let code = errno
        Glibc.close(file)
        guard result >= 0 else { throw SystemError("reopen the log file", target: path, code: code) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func openFile(_ path: String) throws(SystemError) -> Int32 {
        // O_NONBLOCK: a named pipe without a reader must not hang the daemon.
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            let code = errno
            throw SystemError(
                "open the log file", target: path, code: code,
                advice: code == ENOENT
                    ? "create its directory" : "see to it that the service's user may write there, or set log.target")
        }
        return file
    }

    func close() {
        if isOwned { Glibc.close(descriptor) }
    }
}
