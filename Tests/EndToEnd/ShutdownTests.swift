import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Shutting down")
    struct ShuttingDown {
        /// A daemon, and a request of which half the body has been sent and seen.
        private func withRequestInFlight(_ body: (Daemon, RawConnection) async throws -> Void) async throws {
            var settings = DaemonSettings.timeouts(["drain": "20s", "body": "30s"])
            settings.binary = "bench-server"
            try await Daemon.run(settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
                try await eventually("the request is seen") { try await daemon.total("requests") > 0 }
                try await body(daemon, connection)
            }
        }

        @Test(
            "TERM and QUIT let a request in flight finish, take no new ones and end with success",
            arguments: [SIGTERM, SIGQUIT])
        func drain(number: Int32) async throws {
            try await withRequestInFlight { daemon, connection in
                try daemon.program.signal(number)
                try await daemon.notify.wait(for: "STOPPING", "1")
                try await eventually("new connections are refused") {
                    try await daemon.curl("/plaintext").status == .exited(7)
                }
                #expect(daemon.program.isRunning)
                for digit in 6...9 { try await connection.send("\(digit)") }
                try await connection.send("0")
                try await connection.receiveToEnd()
                #expect(connection.statuses == [200])
                let ended = try await daemon.program.finish(within: .seconds(15))
                #expect(ended.status == .exited(0), "\(ended)")
            }
        }

        @Test("a second TERM ends the drain at once")
        func forced() async throws {
            try await withRequestInFlight { daemon, _ in
                try daemon.program.signal(SIGTERM)
                try await daemon.notify.wait(for: "STOPPING", "1")
                try await Task.sleep(for: .milliseconds(300))
                #expect(daemon.program.isRunning)
                try daemon.program.signal(SIGTERM)
                _ = try await daemon.program.finish(within: .seconds(15))
                try await eventually("nothing is left") { daemon.processes.isEmpty }
            }
        }

        @Test("INT stops without waiting for requests")
        func fast() async throws {
            try await withRequestInFlight { daemon, _ in
                try daemon.program.signal(SIGINT)
                _ = try await daemon.program.finish(within: .seconds(15))
                try await eventually("nothing is left") { daemon.processes.isEmpty }
            }
        }

        @Test("the drain ends at its timeout even if a request never does")
        func drainTimeout() async throws {
            var settings = DaemonSettings.timeouts(["drain": "1s", "body": "30s"])
            settings.binary = "bench-server"
            try await Daemon.run(settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
                try await eventually("the request is seen") { try await daemon.total("requests") > 0 }
                let began = EventLoop.Instant.readClock()
                try daemon.program.signal(SIGTERM)
                _ = try await daemon.program.finish(within: .seconds(20))
                #expect(EventLoop.Instant.readClock() - began > .milliseconds(900))
            }
        }

        @Test("martletctl drain and stop end the daemon, and wait for it when asked to", arguments: ["drain", "stop"])
        func byVerb(verb: String) async throws {
            try await Daemon.run { daemon in
                try await daemon.mustControl(verb, "--wait")
                _ = try await daemon.program.finish(within: .seconds(15))
                #expect(access(daemon.controlSocket, F_OK) != 0, "the control socket's file is gone")
            }
        }
    }
}
