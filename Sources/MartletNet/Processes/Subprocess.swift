import Glibc
import MartletLoop

/// A program that this process runs, with streams to and from it.
///
/// For a program that takes input, gives output and ends, `run` is all there is to know. To talk with one while it
/// runs, use `withSubprocess`, which never leaves it behind. `start` is for what outlives any scope: whoever started it
/// is to close its pipes and to end it; it is reaped in any case.
///
/// ```swift
/// let listing = try await Subprocess.run(["ls", "-l", "/usr"])
/// print(listing.status, listing.text)
///
/// try await withSubprocess(["bc"], standardInput: .pipe, standardOutput: .pipe) { calculator in
///     try await calculator.standardInput.write("6 * 7\n")
///     print(try await calculator.standardOutput.readLine() ?? "")
/// }
/// ```
public final class Subprocess {
    /// What was started.
    public let command: Command
    private let child: ChildProcess
    let pipes: SubprocessPipes

    private init(_ command: Command, _ child: ChildProcess, _ pipes: SubprocessPipes) {
        self.command = command
        self.child = child
        self.pipes = pipes
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program, its arguments and its surroundings.
    ///   - standardInput: where it reads from.
    ///   - standardOutput: where it writes to.
    ///   - standardError: where it writes its messages to.
    /// - Throws: `SystemError` that says what to do when it cannot be started: it is not found, a file cannot be
    ///   opened, there are too many processes or descriptors. Then nothing is left of it.
    public static func start(
        _ command: Command, standardInput: Source = .inherit, standardOutput: Destination = .inherit,
        standardError: Destination = .inherit
    ) throws(SystemError) -> Subprocess {
        var request = try command.spawnRequest()
        var pipes = SubprocessPipes()
        do throws(SystemError) {
            try pipes.connect(
                &request, input: standardInput, output: standardOutput, error: standardError)
            let child = try ChildProcess.spawn(request)
            pipes.closeFarEnds()
            return Subprocess(command, child, pipes)
        } catch {
            pipes.closeFarEnds()
            pipes.close()
            throw error
        }
    }

    // MARK: Its streams

    /// Writes to its standard input; `finishWriting` says that nothing more comes.
    ///
    /// It must have been started with `standardInput: .pipe`.
    public var standardInput: ByteStream { expect(pipes.input, "standardInput") }

    /// Reads what it writes to standard output.
    ///
    /// It must have been started with `standardOutput: .pipe`.
    public var standardOutput: ByteStream { expect(pipes.output, "standardOutput") }

    /// Reads what it writes to standard error.
    ///
    /// It must have been started with `standardError: .pipe`.
    public var standardError: ByteStream { expect(pipes.error, "standardError") }

    private func expect(_ stream: ByteStream?, _ name: String) -> ByteStream {
        guard let stream else {
            fatalError("\(name) of \"\(command)\" is no pipe: start it with \(name): .pipe")
        }
        return stream
    }

    /// Closes this side of its pipes: it reads the end, and gets SIGPIPE when it writes. A second call does nothing.
    public func close() {
        pipes.close()
    }

    // MARK: Its life

    /// The process's number.
    public var pid: Int32 { child.pid }

    /// How it ended; `nil` while it runs.
    public var status: TerminationStatus? { child.status }

    /// Waits until it has ended. Any number may wait; cancelling one ends that wait and not the process.
    ///
    /// One that writes more than a pipe holds (64 KiB) ends only if somebody reads that: see `communicate`.
    public func wait() async throws(CancellationError) -> TerminationStatus {
        try await child.wait()
    }

    /// Asks it to end (SIGTERM). Nothing happens when it has ended.
    ///
    /// - Throws: when this process may not, because the other one runs as another user.
    public func terminate() throws(SystemError) {
        try signal(SIGTERM)
    }

    /// Ends it at once (SIGKILL): see `terminate`.
    public func kill() throws(SystemError) {
        try signal(SIGKILL)
    }

    /// Sends it a signal (man 7 signal), to its whole group if it was started with `startsGroup`: see `terminate`.
    public func signal(_ number: Int32) throws(SystemError) {
        try child.signal(number)
    }

    /// Ends it and waits for that: closes the pipes, asks it to end, and kills it when it has not after the grace
    /// period.
    ///
    /// Cancelling the task that waits changes nothing about that, and the grace period is real time even inside
    /// `withVirtualClock`. A process that this one may send no signals to is left alone.
    public func end(gracePeriod: Duration = .seconds(5)) async {
        await beginEnding(gracePeriod: gracePeriod)?.value
    }

    /// What `end` does, without waiting for it; `nil` when it has ended.
    func beginEnding(gracePeriod: Duration) -> Task<Void, Never>? {
        close()
        guard status == nil else { return nil }
        // Detached, it has neither the cancellation nor the virtual clock of the caller.
        return Task.detached { await self.endInTime(gracePeriod: gracePeriod) }
    }

    private func endInTime(gracePeriod: Duration) async {
        let waiting = Task.immediate { _ = try? await self.child.wait() }
        let signal: (Int32) -> Void = { number in
            do {
                try self.signal(number)
            } catch {
                // It may not be signalled: nothing would come of waiting for it.
                waiting.cancel()
            }
        }
        signal(SIGTERM)
        let timer = EventLoop.main.callLater(gracePeriod) { signal(SIGKILL) }
        await waiting.value
        timer.cancel()
    }
}
