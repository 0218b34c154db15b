import Testing

extension EndToEnd {
    /// `Tests/Programs/loop-program`, which links MartletLoop and MartletNet and nothing else of Martlet.
    @Suite("Programs on the loop")
    struct LoopPrograms {
        @Test(
            "run returns, throws, is cancelled by a signal and called again; runForever ends with stop",
            arguments: [
                ("value", "42 43\n"), ("throws", "caught\n"), ("interrupted", "cancelled\n"), ("forever", "stopped\n"),
                ("negative-delay", "not late\n"),
            ])
        func runs(name: String, output: String) async throws {
            #expect(try await self.output(of: name) == output)
        }

        @Test("a wait that nothing can end is reported as a deadlock, and the loop can be run again")
        func deadlock() async throws {
            let text = try await output(of: "deadlock")
            #expect(text.hasPrefix("deadlock: the event loop has nothing to wait for"))
            #expect(text.hasSuffix("\n1\n"))
        }

        @Test("running a loop that runs ends the program with what to do")
        func nested() async throws {
            let text = try await lastWords(of: "nested")
            #expect(text.contains("the event loop is running already: await, in place of running it once more"))
        }

        @Test("resolving twice ends the program, and names the promise and the second place")
        func resolvedTwice() async throws {
            let text = try await lastWords(of: "resolved-twice")
            #expect(
                text.contains(
                    #/loop_program\/main.swift:\d+: Fatal error: the promise made at loop_program\/main.swift:\d+ is/#))
            #expect(text.contains("resolved a second time"))
        }

        @Test("a hundred tasks that sleep run on one thread")
        func oneThread() async throws {
            #expect(try await output(of: "threads") == "4950 Threads: 1\n")
        }

        private func output(of name: String) async throws -> String {
            let result = try await Program.run([try Binaries.path("loop-program"), name])
            #expect(result.status == .exited(0), "\(result)")
            return result.output
        }

        /// What a program writes to standard error when it ends itself.
        private func lastWords(of name: String) async throws -> String {
            let result = try await Program.run(
                [try Binaries.path("loop-program"), name], environment: ["SWIFT_BACKTRACE=enable=no"])
            guard case .signaled = result.status else { throw Failure("\(name) did not end itself: \(result)") }
            return result.errors
        }
    }
}
