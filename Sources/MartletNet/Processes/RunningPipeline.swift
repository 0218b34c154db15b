import Glibc
import MartletLoop

/// Programs each of which reads what the one before it writes.
struct RunningPipeline {
    private var processes: [Subprocess] = []
    private var errors: ByteStream?

    /// Starts them in order. When one cannot be started, those before it run: they are to be ended.
    mutating func start(
        _ commands: [Subprocess.Command], input: Subprocess.Source, output: Subprocess.Destination,
        error: Subprocess.Destination
    ) throws(SystemError) {
        guard !commands.isEmpty else {
            throw SystemError("start a pipeline", code: EINVAL, advice: "name one program at least")
        }
        guard error != .merged else {
            throw SystemError(
                "start a pipeline", code: EINVAL,
                advice: "the messages of all programs cannot be merged into the output of each")
        }
        guard error == .pipe else { return try link(commands, input: input, output: output, error: error) }
        // One pipe takes the messages of all.
        let ends = try Pipe.descriptors()
        defer { Glibc.close(ends.writing) }
        do {
            errors = try ByteStream(reading: ends.reading)
        } catch {
            Glibc.close(ends.reading)
            throw error
        }
        try link(commands, input: input, output: output, error: .descriptor(ends.writing))
    }

    private mutating func link(
        _ commands: [Subprocess.Command], input: Subprocess.Source, output: Subprocess.Destination,
        error: Subprocess.Destination
    ) throws(SystemError) {
        var links: [(reading: Int32, writing: Int32)] = []
        defer {
            for link in links {
                Glibc.close(link.reading)
                Glibc.close(link.writing)
            }
        }
        while links.count < commands.count - 1 { links.append(try Pipe.descriptors()) }
        for (index, command) in commands.enumerated() {
            processes.append(
                try Subprocess.start(
                    command, standardInput: index == 0 ? input : .descriptor(links[index - 1].reading),
                    standardOutput: index == links.count ? output : .descriptor(links[index].writing),
                    standardError: error))
        }
    }

    /// Writes to the first, reads from the last, and waits until all have ended.
    func communicate(input: [UInt8], limit: Int) async throws -> Subprocess.Output {
        guard let first = processes.first, let last = processes.last else { fatalError("it was not started") }
        let conversation = Conversation(
            input: first.pipes.input.map { ($0, input) }, outputs: [last.pipes.output, errors], limit: limit)
        let collected = try await conversation.hold(with: last.command)
        var results: [(Subprocess.Command, TerminationStatus)] = []
        for process in processes { results.append((process.command, try await process.wait())) }
        return Subprocess.Output(results, standardOutput: collected[0], standardError: collected[1])
    }

    /// Ends all of them, at the same time: see `Subprocess.end`.
    func end(gracePeriod: Duration) async {
        errors?.close()
        let endings = processes.map { $0.beginEnding(gracePeriod: gracePeriod) }
        for ending in endings { await ending?.value }
    }
}
