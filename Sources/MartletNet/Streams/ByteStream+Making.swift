import Glibc
import MartletLoop

/// Streams from descriptors, and pairs of them.
extension ByteStream {
    /// Takes over a descriptor to read from: the end of a pipe, a FIFO, a terminal, a socket or a file.
    ///
    /// It becomes non-blocking, which other processes with a copy of the same open file notice: for standard input, use
    /// `standardInput`. A regular file is always ready; reading it keeps the loop waiting for the disk.
    ///
    /// - Throws: when it is no open descriptor, or the loop cannot watch it; it is still the caller's then.
    public convenience init(reading descriptor: Int32) throws(SystemError) {
        try self.init(descriptor, medium: try Medium(of: descriptor), directions: .reading)
    }

    /// Takes over a descriptor to write to: see `init(reading:)`.
    ///
    /// The process ignores SIGPIPE from here on, if it was at its default, and gets an error in place of it (EPIPE).
    public convenience init(writing descriptor: Int32) throws(SystemError) {
        Self.ignoreSIGPIPE()
        try self.init(descriptor, medium: try Medium(of: descriptor), directions: .writing)
    }

    /// Takes over a descriptor to read from and write to, of any kind: a terminal, a pseudoterminal, a socket.
    public convenience init(duplex descriptor: Int32) throws(SystemError) {
        Self.ignoreSIGPIPE()
        try self.init(descriptor, medium: try Medium(of: descriptor), directions: [.reading, .writing])
    }

    /// Two connected Unix stream sockets (man 2 socketpair). Both are to be closed.
    ///
    /// - Throws: when there are too many open files.
    public static func pair() throws(SystemError) -> (ByteStream, ByteStream) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("make a pair of sockets") }
        do throws(SystemError) {
            let first = try ByteStream(descriptor: ends[0])
            do throws(SystemError) {
                return (first, try ByteStream(descriptor: ends[1]))
            } catch {
                first.close()
                ends[0] = -1
                throw error
            }
        } catch {
            if ends[0] >= 0 { Glibc.close(ends[0]) }
            Glibc.close(ends[1])
            throw error
        }
    }

    // MARK: Standard streams

    /// A stream of what the process reads from descriptor 0. Each call makes a new one, to be closed like any other;
    /// descriptor 0 itself stays open.
    ///
    /// Pipes and terminals are opened a second time, so that those who share the descriptor, such as the shell that
    /// started the process, do not find it non-blocking.
    ///
    /// - Throws: when descriptor 0 is closed or there are too many open files.
    public static func standardInput() throws(SystemError) -> ByteStream {
        try sharing(STDIN_FILENO, flags: O_RDONLY) { descriptor throws(SystemError) in
            try ByteStream(reading: descriptor)
        }
    }

    /// A stream to the process's standard output, descriptor 1: see `standardInput`. What `print` has in its buffer
    /// comes behind what is written here.
    public static func standardOutput() throws(SystemError) -> ByteStream {
        try sharing(STDOUT_FILENO, flags: O_WRONLY) { descriptor throws(SystemError) in
            try ByteStream(writing: descriptor)
        }
    }

    /// A stream to the process's standard error, descriptor 2: see `standardInput`.
    public static func standardError() throws(SystemError) -> ByteStream {
        try sharing(STDERR_FILENO, flags: O_WRONLY) { descriptor throws(SystemError) in
            try ByteStream(writing: descriptor)
        }
    }

    private static func sharing(
        _ descriptor: Int32, flags: Int32, _ make: (Int32) throws(SystemError) -> ByteStream
    ) throws(SystemError) -> ByteStream {
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        var copy: Int32 = -1
        if kind == S_IFIFO || kind == S_IFCHR {
            copy = open("/proc/self/fd/\(descriptor)", flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        }
        // A socket or a file, which has a position to share; or a terminal that may not be opened again.
        if copy < 0 { copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
        guard copy >= 0 else { throw SystemError("open", target: "descriptor \(descriptor) a second time") }
        do {
            return try make(copy)
        } catch {
            Glibc.close(copy)
            throw error
        }
    }

    private static func ignoreSIGPIPE() {
        var action = sigaction()
        guard sigaction(SIGPIPE, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return }
        signal(SIGPIPE, SIG_IGN)
    }
}

nonisolated extension ByteStream.Medium {
    /// What a descriptor is; makes it non-blocking where that is not asked for with each call.
    init(of descriptor: Int32) throws(SystemError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("open", target: "descriptor \(descriptor)") }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: self = .socket
        case S_IFIFO: self = .pipe
        case S_IFCHR: self = .device
        default: self = .file
        }
        guard self == .pipe || self == .device else { return }
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
            throw SystemError("make non-blocking", target: "descriptor \(descriptor)")
        }
    }
}
