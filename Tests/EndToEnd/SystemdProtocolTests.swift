import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Talking to systemd")
    struct SystemdProtocol {
        @Test("the notify socket hears ready, reloading with its time, ready again and stopping, in this order")
        func order() async throws {
            try await Daemon.run { daemon in
                let notify = daemon.notify
                let ready = try await notify.wait(for: "READY", "1")
                let status = try await notify.wait(for: "STATUS")
                #expect(notify.messages[status]["STATUS"]?.contains("2/2 workers") == true, "\(notify.messages)")

                let before = EventLoop.Instant.readClock().nanoseconds / 1000
                try await daemon.mustControl("reload")
                let reloading = try await notify.wait(for: "RELOADING", "1", from: ready + 1)
                let claimed = try #require(notify.messages[reloading]["MONOTONIC_USEC"].flatMap { UInt64($0) })
                #expect(claimed >= before && claimed <= EventLoop.Instant.readClock().nanoseconds / 1000)
                let readyAgain = try await notify.wait(for: "READY", "1", from: reloading + 1)
                #expect(notify.messages.count { $0["RELOADING"] == "1" } == 1)

                // One that is refused also ends with READY: the service goes on.
                try TextFile.write("workers = ", to: daemon.configurationFile)
                #expect(try await daemon.control("reload").status == .exited(1))
                let refused = try await notify.wait(for: "RELOADING", "1", from: readyAgain + 1)
                let readyOnceMore = try await notify.wait(for: "READY", "1", from: refused + 1)

                try daemon.program.signal(SIGTERM)
                let stopping = try await notify.wait(for: "STOPPING", "1", from: readyOnceMore + 1)
                _ = try await daemon.program.finish()
                #expect(!notify.messages[stopping...].contains { $0["READY"] == "1" })
                #expect(!notify.messages.contains { $0["WATCHDOG"] != nil }, "nobody asked for it")
            }
        }

        @Test("HUP reloads as martletctl does")
        func hangUp() async throws {
            try await Daemon.run { daemon in
                let before = daemon.workerProcesses
                try daemon.program.signal(SIGHUP)
                let reloading = try await daemon.notify.wait(for: "RELOADING", "1")
                try await daemon.notify.wait(for: "READY", "1", from: reloading + 1)
                try await daemon.settle(on: 2)
                #expect(Set(daemon.workerProcesses).isDisjoint(with: before))
            }
        }

        @Test("the watchdog is fed more often than it asks for, and the status follows the workers")
        func watchdog() async throws {
            var settings = DaemonSettings()
            settings.environment = ["WATCHDOG_USEC=1000000"]
            try await Daemon.run(settings) { daemon in
                try await daemon.mustControl("scale", "3")
                try await eventually("the status says so") {
                    daemon.notify.messages.contains { $0["STATUS"]?.contains("3/3 workers") == true }
                }
                try await eventually("the watchdog is fed six times") {
                    daemon.notify.messages.count { $0["WATCHDOG"] == "1" } >= 6
                }
                let fed = daemon.notify.messages.filter { $0["WATCHDOG"] == "1" }.map(\.arrived)
                for (earlier, later) in zip(fed, fed.dropFirst()) { #expect(later - earlier < .seconds(1)) }
            }
        }

        @Test("the drain asks systemd for the time that it takes")
        func extendedTimeout() async throws {
            var settings = DaemonSettings()
            settings.binary = "bench-server"
            try await Daemon.run(settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1")
                try await eventually("the request is seen") { try await daemon.total("requests") > 0 }
                try daemon.program.signal(SIGTERM)
                let stopping = try await daemon.notify.wait(for: "STOPPING", "1")
                let extended = try await daemon.notify.wait(for: "EXTEND_TIMEOUT_USEC", from: stopping)
                let microseconds = daemon.notify.messages[extended]["EXTEND_TIMEOUT_USEC"].flatMap { UInt64($0) }
                #expect(microseconds ?? 0 > 0)
                try await connection.send("2")
                _ = try await daemon.program.finish()
                #expect(connection.end == nil)
                try await connection.receiveToEnd()
                #expect(connection.statuses == [200])
            }
        }

        @Test("a passed descriptor is served, with what had queued on it before the start")
        func passedDescriptor() async throws {
            let listener = try Loopback.listener()
            let early = try RawConnection(port: listener.port)
            try await early.send("GET /Early HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            var settings = DaemonSettings()
            settings.furtherAddresses = ["127.0.0.1:\(listener.port)"]
            settings.descriptors = [listener.descriptor]
            // systemd sets LISTEN_PID between fork and exec; a shell that execs has the right pid too.
            settings.launcher = [
                "sh", "-c", "LISTEN_FDS=1 LISTEN_FDNAMES=listener1 LISTEN_PID=$$ exec \"$@\"", "launcher",
            ]
            try await Daemon.run(settings) { daemon in
                try await early.receiveToEnd()
                #expect(early.text.hasSuffix("Hello, Early"))
                for _ in 0..<20 {
                    let hello = try await Program.run(["curl", "-sS", "http://127.0.0.1:\(listener.port)/World"])
                    #expect(hello.output == "Hello, World")
                }
                #expect(try await daemon.curl("/World").output == "Hello, World")
                // The socket outlives reloads, and workers that come later get it too.
                try await daemon.mustControl("reload")
                let hello = try await Program.run(["curl", "-sS", "http://127.0.0.1:\(listener.port)/World"])
                #expect(hello.output == "Hello, World")
            }
            close(listener.descriptor)
        }

        @Test("systemd-socket-activate starts it at the first connection, which is served")
        func socketActivate() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let address = "127.0.0.1:\(try FreePort.choose())"
            let configuration = directory.file("martlet.toml")
            try TextFile.write(
                DaemonSettings().configuration(address: address, control: directory.file("control.sock")),
                to: configuration)
            let program = try Program([
                "systemd-socket-activate", "--listen=\(address)", "--fdname=listener0", try Binaries.path("martletd"),
                "run", "--config", configuration,
            ])
            do {
                try await eventually("the activator listens: \(program.errors)") {
                    program.errors.contains("Listening on")
                }
                let hello = try await Program.run(["curl", "-sS", "--max-time", "10", "http://\(address)/World"])
                #expect(hello.output == "Hello, World", "\(program.errors)")
                #expect(program.isRunning)
            } catch {
                try? program.signal(SIGKILL)
                throw error
            }
            try program.signal(SIGTERM)
            #expect(try await program.finish().status == .exited(0))
        }
    }
}
