import Testing

extension EndToEnd {
    @Suite("martletctl")
    struct ControlClient {
        @Test("it exits with 0 when done, 1 when refused, 2 when misused and 3 when there is no daemon")
        func exitCodes() async throws {
            try await Daemon.run { daemon in
                let done = try await daemon.control("show", "info")
                #expect(done.status == .exited(0), "\(done)")
                #expect(!done.output.isEmpty)
                try TextFile.write("workers = ", to: daemon.configurationFile)
                let refused = try await daemon.control("reload")
                #expect(refused.status == .exited(1), "\(refused)")
                #expect(!refused.errors.isEmpty)
                #expect(try await daemon.control("scale", "0").status != .exited(0))
                for words in [["frobnicate"], ["scale"], ["show", "nothing-there-is"], ["--no-such-option", "help"]] {
                    let misused = try await Program.run(
                        [try Binaries.path("martletctl"), "--socket", daemon.controlSocket] + words)
                    #expect(misused.status == .exited(2), "\(words): \(misused)")
                    #expect(!misused.errors.isEmpty)
                }
                let nobody = try await Program.run([
                    try Binaries.path("martletctl"), "--socket", daemon.directory.file("no.sock"), "show", "info",
                ])
                #expect(nobody.status == .exited(3), "\(nobody)")
                #expect(nobody.errors.contains("no.sock"))
            }
        }

        @Test("with --json it prints what the HTTP side answers")
        func json() async throws {
            try await Daemon.run { daemon in
                for (verb, path) in [("info", "/v1/info"), ("workers", "/v1/workers"), ("stat", "/v1/stats")] {
                    let printed = try await daemon.control("--json", "show", verb)
                    #expect(printed.status == .exited(0), "\(printed)")
                    let names = Set(try JSONValue(parsing: printed.output).numbers.keys)
                    #expect(try await Set(daemon.query(path).numbers.keys) == names)
                    #expect(!names.isEmpty)
                }
            }
        }

        @Test("show errors tells of what went wrong in the workers and above them")
        func errors() async throws {
            try await Daemon.run { daemon in
                try TextFile.write("workers = ", to: daemon.configurationFile)
                #expect(try await daemon.control("reload").status == .exited(1))
                #expect(try await daemon.control("show", "errors").output.contains("martlet.toml"))
            }
        }

        @Test("the log level can be set, to one that exists")
        func logLevel() async throws {
            try await Daemon.run { daemon in
                try await daemon.mustControl("set", "log-level", "debug")
                #expect(try await daemon.control("set", "log-level", "shouting").status != .exited(0))
                #expect(try await daemon.control("show", "info").output.contains("debug"))
            }
        }

        @Test("reload --wait returns once the old workers are gone")
        func wait() async throws {
            try await Daemon.run { daemon in
                let before = daemon.workerProcesses
                try await daemon.mustControl("reload", "--wait")
                #expect(Set(daemon.workerProcesses).isDisjoint(with: before))
                #expect(daemon.workerProcesses.count == 2)
            }
        }
    }
}
