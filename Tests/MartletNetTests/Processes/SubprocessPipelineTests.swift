import Glibc
import MartletLoop
import MartletNet
import Testing

@Suite("Subprocess pipelines")
struct SubprocessPipelineTests {
    @Test("each program reads what the one before it writes")
    func connects() async throws {
        let output = try await Subprocess.pipeline(
            [["cat"], ["sort"], ["uniq", "-c"]], input: "b\na\nb\nb\na\n")
        #expect(output.text == "      2 a\n      3 b\n")
        #expect(output.statuses == [.exited(0), .exited(0), .exited(0)])
        #expect(try await Subprocess.pipeline([["cat"]], input: "alone").text == "alone")
    }

    @Test("much goes through, in both directions at once")
    func carriesMuch() async throws {
        let input = tenMegabytes()
        let output = try await Subprocess.pipeline([["cat"], ["cat"], ["cat"]], input: input)
        #expect(output.standardOutput == input)
    }

    @Test("one that the next one cuts off is no failure; any other is")
    func checks() async throws {
        let cutOff = try await Subprocess.pipeline([["yes"], ["head", "-n", "2"]])
        #expect(cutOff.statuses == [.signaled(SIGPIPE, coreDumped: false), .exited(0)])
        #expect(try cutOff.check().text == "y\ny\n")
        let failed = try await Subprocess.pipeline([.shell("echo no >&2; exit 4"), ["cat"]])
        #expect(failed.status == .exited(0))
        let error = #expect(throws: SubprocessError.self) { try failed.check() }
        #expect(error?.status == .exited(4))
        #expect(error?.errorText == "no\n")
    }

    @Test("when one cannot be started, the others are ended and the error names it")
    func failsWhole() async throws {
        for position in 0..<3 {
            var commands: [Subprocess.Command] = [["cat"], ["sleep", "60"], ["cat"]]
            commands[position] = ["no-such-program"]
            let error = await #expect(throws: SystemError.self) {
                try await Subprocess.pipeline(commands, input: "x")
            }
            #expect(error?.target == "no-such-program")
        }
        let none = await #expect(throws: SystemError.self) { try await Subprocess.pipeline([]) }
        #expect(none?.code == EINVAL)
    }

    @Test("a limit and cancellation end all of them", arguments: ["limit", "cancel"])
    func endsWhole(how: String) async throws {
        let task = Task.immediate {
            try await Subprocess.pipeline(
                how == "limit" ? [["yes"], ["cat"], ["cat"]] : [["sleep", "60"], ["cat"], ["cat"]], limit: 100_000)
        }
        if how == "cancel" { task.cancel() }
        switch (how, await task.result) {
        case ("limit", .failure(is SubprocessError)), ("cancel", .failure(is CancellationError)): break
        case (_, let result): Issue.record("\(how) came to \(result)")
        }
    }

    @Test("cancelled before it starts, it starts nothing")
    func startsNothingWhenCancelled() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Subprocess.pipeline([["no-such-program"]])
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
