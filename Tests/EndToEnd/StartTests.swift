import Glibc
import MartletLoop
import Testing

/// Ports from this one on need no privilege (man 7 ip).
private nonisolated let firstFreePort: Int =
    TextFile.read("/proc/sys/net/ipv4/ip_unprivileged_port_start").flatMap { Int($0.split(separator: "\n")[0]) } ?? 1024

extension EndToEnd {
    @Suite("Starting")
    struct Starting {
        /// Starts martletd on a configuration of which it can make nothing, and returns how it ended.
        private func failingStart(
            _ configuration: String, launcher: [String] = []
        ) async throws -> Program.Result {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let file = directory.file("martlet.toml")
            try TextFile.write(configuration, to: file)
            return try await Program.run(launcher + [try Binaries.path("martletd"), "run", "--config", file])
        }

        private func configuration(address: String, control: String = "") -> String {
            DaemonSettings().configuration(address: address, control: control)
        }

        @Test("a port in use is named, with what to do")
        func portInUse() async throws {
            let listener = try Loopback.listener()
            defer { close(listener.descriptor) }
            let ended = try await failingStart(configuration(address: "127.0.0.1:\(listener.port)"))
            #expect(ended.status == .exited(1))
            #expect(ended.errors.contains("cannot listen on 127.0.0.1:\(listener.port)"), "\(ended)")
            #expect(ended.errors.contains("address already in use"), "\(ended)")
        }

        @Test(
            "a port that needs a privilege is named, with the ways to get it",
            .enabled(if: firstFreePort > 80, "this machine lets everybody bind port 80"))
        func missingPrivilege() async throws {
            // Also as root: without that one capability.
            let launcher = getuid() == 0 ? ["setpriv", "--bounding-set=-net_bind_service"] : []
            let ended = try await failingStart(configuration(address: "127.0.0.1:80"), launcher: launcher)
            #expect(ended.status == .exited(1))
            #expect(ended.errors.contains("cannot listen on 127.0.0.1:80: permission denied"), "\(ended)")
            #expect(ended.errors.contains("CAP_NET_BIND_SERVICE"), "\(ended)")
        }

        @Test("an address that this machine does not have is named")
        func foreignAddress() async throws {
            let ended = try await failingStart(configuration(address: "192.0.2.1:8080"))
            #expect(ended.status == .exited(1))
            #expect(ended.errors.contains("cannot listen on 192.0.2.1:8080"), "\(ended)")
        }

        @Test("a configuration that is not there, or is wrong, is named with its line")
        func configurationErrors() async throws {
            let missing = try await Program.run([
                try Binaries.path("martletd"), "run", "--config", "/nonexistent/martlet.toml",
            ])
            #expect(missing.status == .exited(2))
            #expect(missing.errors.contains("/nonexistent/martlet.toml"), "\(missing)")

            let misspelt = try await failingStart("wrokers = 2\n")
            #expect(misspelt.status == .exited(2))
            #expect(misspelt.errors.contains("martlet.toml") && misspelt.errors.contains("\"workers\""), "\(misspelt)")
        }

        @Test("a control socket that another daemon serves is left alone, and named")
        func controlSocketServed() async throws {
            try await Daemon.run { daemon in
                let other = "127.0.0.1:\(try FreePort.choose())"
                let ended = try await failingStart(
                    configuration(address: other, control: daemon.controlSocket))
                #expect(ended.status == .exited(1))
                #expect(ended.errors.contains(daemon.controlSocket), "\(ended)")
                #expect(ended.errors.contains("already"), "\(ended)")
                try await daemon.mustControl("show", "info")
            }
        }

        @Test("a second daemon does not take the port of the first")
        func secondDaemon() async throws {
            try await Daemon.run { daemon in
                let directory = try TemporaryDirectory()
                defer { directory.remove() }
                let ended = try await failingStart(
                    configuration(address: daemon.address, control: directory.file("other.sock")))
                #expect(ended.status == .exited(1))
                #expect(ended.errors.contains("cannot listen on \(daemon.address)"), "\(ended)")
            }
        }

        @Test("a control socket's file that nobody serves is replaced, and that is said; another file is left alone")
        func staleControlSocket() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let address = "127.0.0.1:\(try FreePort.choose())"
            let socket = directory.file("control.sock")
            try UnixPath.leaveStaleSocket(at: socket)
            let file = directory.file("martlet.toml")
            try TextFile.write(configuration(address: address, control: socket), to: file)
            let program = try Program([try Binaries.path("martletd"), "run", "--config", file])
            let control = [try Binaries.path("martletctl"), "--socket", socket, "show", "info"]
            do {
                try await eventually("the daemon answers: \(program.errors)") {
                    try await Program.run(control).status == .exited(0)
                }
                #expect(program.errors.contains(socket), "\(program.errors)")
            } catch {
                try? program.signal(SIGKILL)
                throw error
            }
            try program.signal(SIGTERM)
            #expect(try await program.finish().status == .exited(0))

            let precious = directory.file("precious")
            try TextFile.write("do not touch", to: precious)
            let ended = try await failingStart(configuration(address: address, control: precious))
            #expect(ended.status == .exited(1))
            #expect(ended.errors.contains(precious), "\(ended)")
            #expect(TextFile.read(precious) == "do not touch")
        }

        @Test("a directory that cannot be written to is named")
        func controlDirectory() async throws {
            let address = "127.0.0.1:\(try FreePort.choose())"
            let ended = try await failingStart(
                configuration(address: address, control: "/proc/martlet/control.sock"))
            #expect(ended.status == .exited(1))
            #expect(ended.errors.contains("/proc/martlet/control.sock"), "\(ended)")
        }

        @Test("a first generation that cannot become ready ends the daemon, with the reason in STATUS")
        func neverReady() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let notify = try NotifySocket(path: directory.file("notify.sock"))
            try notify.start()
            defer { notify.stop() }
            let address = "127.0.0.1:\(try FreePort.choose())"
            let file = directory.file("martlet.toml")
            let settings = DaemonSettings.timeouts(["start": "1ms"])
            try TextFile.write(settings.configuration(address: address, control: ""), to: file)
            // A supervisor that is held up for longer than a worker takes to start finds it ready all the same: then once
            // more.
            for _ in 0..<10 {
                let sent = notify.messages.count
                let program = try Program(
                    [try Binaries.path("martletd"), "run", "--config", file],
                    environment: ["NOTIFY_SOCKET=\(notify.path)"])
                func isReady() -> Bool { notify.messages.dropFirst(sent).contains { $0["READY"] == "1" } }
                try await eventually("it ends, or is ready after all") { !program.isRunning || isReady() }
                if isReady() {
                    try program.signal(SIGKILL)
                    _ = try await program.finish()
                    continue
                }
                #expect(try await program.finish().status == .exited(3))
                try await eventually("what was sent is read") {
                    notify.messages.dropFirst(sent).contains { $0["STATUS"] != nil }
                }
                #expect(!isReady(), "\(notify.messages)")
                return
            }
            Issue.record("a worker was ready within a millisecond ten times in a row")
        }

        @Test("check says what is right without binding or writing anything")
        func check() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let listener = try Loopback.listener()
            defer { close(listener.descriptor) }
            let file = directory.file("martlet.toml")
            let control = directory.file("control.sock")
            try TextFile.write(configuration(address: "127.0.0.1:\(listener.port)", control: control), to: file)
            let checked = try await Program.run([try Binaries.path("martletd"), "check", "--config", file])
            #expect(checked.status == .exited(0), "\(checked)")
            #expect(access(control, F_OK) != 0)
        }
    }
}
