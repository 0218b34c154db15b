import Glibc
import MartletLoop

extension Subprocess {
    /// Runs several programs at once, each of which reads what the one before it writes, and collects what the last one
    /// writes.
    ///
    /// ```swift
    /// let counts = try await Subprocess.pipeline([["sort"], ["uniq", "-c"], ["sort", "-rn"]], input: words)
    /// print(counts.text, counts.statuses)
    /// ```
    ///
    /// The bytes go from program to program through pipes of the kernel, not through this process. All else is as with
    /// `run`: cancelled, it ends all of them, and returns when all have been reaped.
    ///
    /// - Parameters:
    ///   - commands: the programs, one at least.
    ///   - input: what the first one reads from standard input.
    ///   - standardOutput: where the last one writes to; `.pipe` collects that.
    ///   - standardError: where all of them write their messages to; `.pipe` collects that. `.merged` is not possible.
    ///   - limit: how many bytes of each output are collected at most.
    ///   - gracePeriod: how long each may take to end before it is killed, when it has to be ended.
    /// - Returns: how each ended and what they wrote.
    /// - Throws: `SystemError` when one of them cannot be started, for which the others are ended; `SubprocessError`
    ///   when they write more than `limit` bytes; `CancellationError`.
    public static func pipeline(
        _ commands: [Command], input: some Collection<UInt8> = [UInt8](), standardOutput: Destination = .pipe,
        standardError: Destination = .pipe, limit: Int = standardLimit, gracePeriod: Duration = .seconds(5)
    ) async throws -> Output {
        // Starting one holds the loop up for a moment: of many at once, each waits its turn.
        await Task.yield()
        try Task.checkCancellation()
        var pipeline = RunningPipeline()
        do {
            try pipeline.start(
                commands, input: input.isEmpty ? .null : .pipe, output: standardOutput, error: standardError)
            let output = try await pipeline.communicate(input: Array(input), limit: limit)
            await pipeline.end(gracePeriod: gracePeriod)
            return output
        } catch {
            await pipeline.end(gracePeriod: gracePeriod)
            throw error
        }
    }

    /// Runs several programs at once with text in UTF-8 as the input: see `pipeline` with bytes.
    public static func pipeline(
        _ commands: [Command], input: String, standardOutput: Destination = .pipe,
        standardError: Destination = .pipe, limit: Int = standardLimit, gracePeriod: Duration = .seconds(5)
    ) async throws -> Output {
        try await pipeline(
            commands, input: input.utf8, standardOutput: standardOutput, standardError: standardError, limit: limit,
            gracePeriod: gracePeriod)
    }
}
