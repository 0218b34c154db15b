import Glibc
import MartletLoop

/// This process's ends of a program's pipes, and, until it has started, what it is to get.
struct SubprocessPipes {
    private(set) var input: ByteStream?
    private(set) var output: ByteStream?
    private(set) var error: ByteStream?
    /// Open only for the program to get a copy of.
    private var farEnds: [Int32] = []

    /// Opens what is asked for. When that fails, what is open by then stays so: both ends are to be closed.
    mutating func connect(
        _ request: inout SpawnRequest, input: Subprocess.Source, output: Subprocess.Destination,
        error: Subprocess.Destination
    ) throws(SystemError) {
        let program = request.arguments.first
        guard output.kind != .merged || error.kind != .merged else {
            throw SystemError(
                "start", target: program, code: EINVAL,
                advice: "standard output and standard error cannot both be merged into the other one")
        }
        request.standardInput = try open(input)
        if output.kind != .merged { request.standardOutput = try open(output, \.output) }
        if error.kind != .merged { request.standardError = try open(error, \.error) }
        if output.kind == .merged { request.standardOutput = request.standardError ?? STDERR_FILENO }
        if error.kind == .merged { request.standardError = request.standardOutput ?? STDOUT_FILENO }
    }

    private mutating func open(_ source: Subprocess.Source) throws(SystemError) -> Int32? {
        guard source.kind == .pipe else { return try open(source.kind, flags: O_RDONLY) }
        let ends = try Pipe.descriptors()
        farEnds.append(ends.reading)
        input = try Self.adopt(ends.writing) { descriptor throws(SystemError) in try ByteStream(writing: descriptor) }
        return ends.reading
    }

    private mutating func open(
        _ destination: Subprocess.Destination, _ stream: WritableKeyPath<SubprocessPipes, ByteStream?>
    ) throws(SystemError) -> Int32? {
        guard destination.kind == .pipe else { return try open(destination.kind, flags: O_WRONLY | O_CREAT) }
        let ends = try Pipe.descriptors()
        farEnds.append(ends.writing)
        self[keyPath: stream] = try Self.adopt(ends.reading) { descriptor throws(SystemError) in
            try ByteStream(reading: descriptor)
        }
        return ends.writing
    }

    /// What is no pipe: `nil` for what the program has anyway.
    private mutating func open(_ kind: Redirection, flags: Int32) throws(SystemError) -> Int32? {
        switch kind {
        case .inherit, .pipe, .merged: return nil
        case .descriptor(let descriptor): return descriptor
        case .null: return try openFile("/dev/null", O_RDWR)
        case .file(let path, let appends):
            let more = flags == O_RDONLY ? 0 : appends ? O_APPEND : O_TRUNC
            return try openFile(path, flags | more)
        }
    }

    private mutating func openFile(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        // Non-blocking, because opening a FIFO would wait for its other end, and the loop with it.
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else {
            let advice = errno == ENXIO ? "nobody has the FIFO open for reading" : nil
            throw SystemError("open", target: path, advice: advice)
        }
        farEnds.append(descriptor)
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) == 0 else {
            throw SystemError("open", target: path)
        }
        return descriptor
    }

    private static func adopt(
        _ descriptor: Int32, _ make: (Int32) throws(SystemError) -> ByteStream
    ) throws(SystemError) -> ByteStream {
        do {
            return try make(descriptor)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Closes what the program has its own copy of by now.
    mutating func closeFarEnds() {
        for descriptor in farEnds { Glibc.close(descriptor) }
        farEnds = []
    }

    /// Closes this process's ends.
    func close() {
        input?.close()
        output?.close()
        error?.close()
    }
}
