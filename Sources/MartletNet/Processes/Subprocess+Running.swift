import Glibc
import MartletLoop

/// Runs a program for as long as `body` does. When that returns, throws or is cancelled, the program is ended, see
/// `Subprocess.end`, and has been reaped before this returns: for one that is to end by itself, wait in the body.
///
/// - Parameters:
///   - command: the program, its arguments and its surroundings.
///   - standardInput: where it reads from.
///   - standardOutput: where it writes to.
///   - standardError: where it writes its messages to.
///   - gracePeriod: how long it may take to end before it is killed.
///   - body: what to do with it.
/// - Returns: what `body` returns.
/// - Throws: `SystemError` when it cannot be started; what `body` throws.
@MainActor public func withSubprocess<Value: Sendable>(
    _ command: Subprocess.Command, standardInput: Subprocess.Source = .inherit,
    standardOutput: Subprocess.Destination = .inherit, standardError: Subprocess.Destination = .inherit,
    gracePeriod: Duration = .seconds(5), _ body: @MainActor (Subprocess) async throws -> Value
) async throws -> Value {
    // Starting one holds the loop up for a moment: of many at once, each waits its turn.
    await Task.yield()
    try Task.checkCancellation()
    let process = try Subprocess.start(
        command, standardInput: standardInput, standardOutput: standardOutput, standardError: standardError)
    do {
        let value = try await body(process)
        await process.end(gracePeriod: gracePeriod)
        return value
    } catch {
        await process.end(gracePeriod: gracePeriod)
        throw error
    }
}

extension Subprocess {
    /// Output that is collected when no other limit is given: 16 MiB each.
    public nonisolated static let standardLimit = 16 << 20

    /// Runs a program to its end, with input for it, and collects what it writes.
    ///
    /// It waits until the program has ended and nobody has its output open any more: what the program leaves running
    /// in the background holds that open too, unless `Command.startsGroup` is set. Cancelled, for instance by
    /// `withTimeout`, it ends the program as `withSubprocess` does.
    ///
    /// - Parameters:
    ///   - command: the program, its arguments and its surroundings.
    ///   - input: what it reads from standard input. It need not read all of it.
    ///   - standardOutput: where it writes to; `.pipe` collects that.
    ///   - standardError: where it writes its messages to; `.pipe` collects that.
    ///   - limit: how many bytes of each are collected at most.
    ///   - gracePeriod: how long it may take to end before it is killed, when it has to be ended.
    /// - Returns: how it ended, which need not be success (see `Output.check`), and what it wrote.
    /// - Throws: `SystemError` when it cannot be started; `SubprocessError` when it writes more than `limit` bytes, for
    ///   which it is ended; `CancellationError`.
    public static func run(
        _ command: Command, input: some Collection<UInt8> = [UInt8](), standardOutput: Destination = .pipe,
        standardError: Destination = .pipe, limit: Int = standardLimit, gracePeriod: Duration = .seconds(5)
    ) async throws -> Output {
        try await withSubprocess(
            command, standardInput: input.isEmpty ? .null : .pipe, standardOutput: standardOutput,
            standardError: standardError, gracePeriod: gracePeriod
        ) { try await $0.communicate(input: input, limit: limit) }
    }

    /// Runs a program to its end, with text in UTF-8 as its input: see `run` with bytes.
    public static func run(
        _ command: Command, input: String, standardOutput: Destination = .pipe, standardError: Destination = .pipe,
        limit: Int = standardLimit, gracePeriod: Duration = .seconds(5)
    ) async throws -> Output {
        try await run(
            command, input: input.utf8, standardOutput: standardOutput, standardError: standardError, limit: limit,
            gracePeriod: gracePeriod)
    }

    /// Writes the input and reads both outputs, all at the same time so that no full pipe stops anyone, and waits until
    /// the program has ended. Does each only where there is a pipe, and closes that.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input. It need not read all of it.
    ///   - limit: how many bytes of each output are collected at most.
    /// - Throws: `SubprocessError` when it writes more than `limit` bytes; `CancellationError`. It goes on running,
    ///   without its pipes.
    public func communicate(input: some Collection<UInt8> = [UInt8](), limit: Int = standardLimit) async throws
        -> Output
    {
        let conversation = Conversation(
            input: pipes.input.map { ($0, Array(input)) },
            outputs: [pipes.output, pipes.error], limit: limit)
        let collected = try await conversation.hold(with: command)
        let status = try await wait()
        return Output([(command, status)], standardOutput: collected[0], standardError: collected[1])
    }
}
