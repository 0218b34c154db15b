import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Reloading")
    struct Reloading {
        @Test("fifty reloads under load fail no request and refuse no connection")
        func fiftyReloads() async throws {
            try await Daemon.run { daemon in
                let kept = try Load(on: daemon, connections: 8, .kept)
                let fresh = try Load(on: daemon, connections: 8, .oneRequestEach)
                let totals = TotalsWatch(on: daemon)
                var seen = Set(daemon.workerProcesses)
                for _ in 0..<50 {
                    try await daemon.mustControl("reload")
                    seen.formUnion(try await daemon.workers().map(\.pid))
                }
                try await totals.finish()
                let results = [try await kept.finish(), try await fresh.finish()]
                for result in results {
                    #expect(result.failures == 0, "\(result)")
                    #expect(result.requests > 1000)
                }
                #expect(seen.count >= 102, "every reload replaces both workers")
                #expect(totals.decreases.isEmpty)
                #expect(totals.looks > 10)
                try await daemon.expect("reloads_succeeded", becomes: 50)
                try await daemon.settle(on: 2)
            }
        }

        @Test("a reload puts what the file says into effect, and removes and adds listeners")
        func newConfiguration() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try await Daemon.run { daemon in
                try daemon.reconfigure {
                    $0.greeting = "Good evening, {name}"
                    $0.workers = 3
                    $0.furtherAddresses = ["unix:\(directory.file("web.sock"))"]
                }
                try await daemon.mustControl("reload")
                #expect(try await daemon.curl("/World").output == "Good evening, World")
                let overUnix = ["curl", "-sS", "--unix-socket", directory.file("web.sock"), "http://martlet/World"]
                #expect(try await Program.run(overUnix).output == "Good evening, World")
                try await daemon.settle(on: 3)

                try daemon.reconfigure { _ in }
                try await daemon.mustControl("reload")
                #expect(try await daemon.curl("/World").output == "Hello, World")
                try await daemon.settle(on: 2)
                try await eventually("the address that was removed refuses connections") {
                    try await Program.run(overUnix).status != .exited(0)
                }
            }
        }

        @Test("a keep-alive connection that idles through a reload gets its next request answered or is closed unasked")
        func idleConnection() async throws {
            try await Daemon.run { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
                try await connection.receive(until: "Hello, one")
                try await daemon.mustControl("reload")
                #expect(try await connection.receiveToEnd() == .closed)
                #expect(connection.statuses == [200])
            }
        }

        @Test("a request that the old worker is serving at a reload is answered, and its connection closed")
        func requestInFlight() async throws {
            var settings = DaemonSettings()
            settings.binary = "bench-server"
            try await Daemon.run(settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
                try await eventually("the request is seen") { try await daemon.total("requests") > 0 }
                try await daemon.mustControl("reload")
                try await connection.send("67890")
                try await connection.receiveToEnd()
                #expect(connection.statuses == [200])
                #expect(connection.text.lowercased().contains("\r\nconnection: close\r\n"))
            }
        }

        @Test(
            "a configuration that is wrong is refused with file, line and advice, and the old one serves on",
            arguments: [
                (text: "workers = 2\n[[listen]]\nadress = \"127.0.0.1:1\"\n", says: "address"),
                (text: "workers = \n", says: "martlet.toml:1"),
                (text: "workers = -3\n[[listen]]\naddress = \"127.0.0.1:1\"\n", says: "workers"),
                (text: "[[listen]]\naddress = \"nowhere at all\"\n", says: "nowhere at all"),
                (text: "[timeouts]\nhead = \"soon\"\n", says: "soon"),
            ])
        func brokenConfiguration(text: String, says: String) async throws {
            try await Daemon.run { daemon in
                let before = try await daemon.workers().map(\.pid)
                try TextFile.write(text, to: daemon.configurationFile)
                let check = try await Program.run(
                    [try Binaries.path("martletd"), "check", "--config", daemon.configurationFile])
                #expect(check.status != .exited(0))
                #expect(check.errors.contains("martlet.toml") && check.errors.contains(says), "\(check)")

                let reload = try await daemon.control("reload")
                #expect(reload.status == .exited(1), "\(reload)")
                #expect(reload.errors.contains("martlet.toml") && reload.errors.contains(says), "\(reload)")
                #expect(try await daemon.curl("/World").output == "Hello, World")
                #expect(try await daemon.workers().map(\.pid) == before)
                try await daemon.expect("reloads_failed", becomes: 1)
                #expect(try await daemon.control("show", "info").output.contains(says))

                try daemon.reconfigure { $0.greeting = "Recovered, {name}" }
                try await daemon.mustControl("reload")
                #expect(try await daemon.curl("/World").output == "Recovered, World")
            }
        }
    }
}
