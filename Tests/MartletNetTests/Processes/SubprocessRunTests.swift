import Glibc
import MartletLoop
import MartletNet
import Testing

@Suite("Running subprocesses to the end")
struct SubprocessRunTests {
    @Test(
        "how it ended is told, and success can be insisted on",
        arguments: [
            (["true"], .exited(0), nil),
            (["false"], .exited(1), "\"false\" exited with code 1"),
            (
                ["sh", "-c", "echo no >&2; exit 7"], .exited(7),
                "\"sh -c echo no >&2; exit 7\" exited with code 7: no\n"
            ),
            (
                ["sh", "-c", "kill $$"], .signaled(SIGTERM, coreDumped: false),
                "\"sh -c kill $$\" was killed by signal 15"
            ),
        ] as [([String], TerminationStatus, String?)])
    func reports(arguments: [String], status: TerminationStatus, message: String?) async throws {
        let output = try await Subprocess.run(Subprocess.Command(arguments))
        #expect(output.status == status)
        if let message {
            let error = #expect(throws: SubprocessError.self) { try output.check() }
            #expect(error?.description == message)
            #expect(error?.status == status)
        } else {
            try output.check()
        }
    }

    @Test("10 MB go through it and back")
    func carriesMuch() async throws {
        let input = tenMegabytes()
        let output = try await Subprocess.run(["cat"], input: input)
        #expect(output.standardOutput == input)
        #expect(output.status == .exited(0))
    }

    @Test("much on both outputs at once does not stop it")
    func collectsBoth() async throws {
        let script = "head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"
        let output = try await Subprocess.run(.shell(script), input: [UInt8](repeating: 0, count: 1_000_000))
        #expect(output.standardOutput.count == 3_000_000)
        #expect(output.standardError.count == 6_000_000)
    }

    @Test("input that it does not read is no error", arguments: ["true", "head -c 10", "exec 0<&-; sleep 0.01"])
    func leavesInput(script: String) async throws {
        let output = try await Subprocess.run(.shell(script), input: [UInt8](repeating: 65, count: 10_000_000))
        #expect(output.status == .exited(0))
    }

    @Test("more output than the limit ends it with an error", arguments: [false, true])
    func limits(toError: Bool) async throws {
        let command: Subprocess.Command = .shell(toError ? "exec yes >&2" : "exec yes")
        let error = await #expect(throws: SubprocessError.self) {
            try await Subprocess.run(command, limit: 100_000)
        }
        #expect(error?.code == .outputLimitExceeded)
        #expect(error?.limit == 100_000)
        #expect(try await Subprocess.run(["head", "-c", "10", "/dev/zero"], limit: 10).standardOutput.count == 10)
        await #expect(throws: SubprocessError.self) {
            try await Subprocess.run(["head", "-c", "11", "/dev/zero"], limit: 10)
        }
    }

    @Test("200 of them run at once, and leave no descriptor behind")
    func runsMany() async throws {
        let before = openPipes()
        let outputs = try await gather(0..<200) { number in
            try await Subprocess.run(["cat"], input: "\(number)").check().text
        }
        #expect(outputs == (0..<200).map(String.init))
        // Other tests run beside this one; a leak would be 200 at least.
        #expect(await eventually { openPipes() - before < 100 })
    }

    @Test("what cannot be started leaves no descriptor behind")
    func leaksNothingOnFailure() async throws {
        let before = openPipes()
        for _ in 0..<50 {
            await #expect(throws: SystemError.self) { try await Subprocess.run(["/nowhere"], input: "x") }
            #expect(throws: SystemError.self) {
                try Subprocess.start(
                    ["cat"], standardInput: .pipe, standardOutput: .file("/dev/null"),
                    standardError: .file("/nowhere/x"))
            }
        }
        #expect(await eventually { openPipes() - before < 25 })
    }
}

/// Bytes in which a part that is lost, doubled or moved shows.
func tenMegabytes() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 10_000_000) { bytes, count in
        count = bytes.count
        bytes.withMemoryRebound(to: UInt64.self) { words in
            for index in words.indices { words[index] = UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15 }
        }
    }
}
