import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("What all workers have in common")
    struct Observability {
        private static var settings: DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = "observed-program"
            return settings
        }

        /// How many of so many requests, each on a connection of its own, were let through.
        private func passed(of count: Int, _ daemon: Daemon) async throws -> Int {
            var passed = 0
            for _ in 0..<count {
                let connection = try RawConnection(port: daemon.port)
                defer { connection.close() }
                try await connection.send(
                    "GET /limited HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", within: .seconds(30))
                try await connection.receiveToEnd(within: .seconds(30))
                let status = try #require(connection.statuses.first)
                #expect(status == 200 || status == 429)
                if status == 200 { passed += 1 }
            }
            return passed
        }

        @Test("a limit of ten a minute holds over two workers, a crash and a reload")
        func rateLimit() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let began = EventLoop.Instant.readClock()
                var passed = try await passed(of: 6, daemon)
                let victim = try await daemon.readyWorker(ofSlot: 0)
                Glibc.kill(victim, SIGKILL)
                _ = try await daemon.readyWorker(ofSlot: 0, other: victim)
                try await daemon.mustControl("reload")
                try await daemon.settle(on: 2)
                passed += try await self.passed(of: 20, daemon)
                // Ten at once, and one more each six seconds.
                let elapsed = EventLoop.Instant.readClock() - began
                #expect(passed >= 10 && passed <= 10 + Int(elapsed / .seconds(6)) + 1)
                try await daemon.expect("requests_rate_limited", becomes: Double(26 - passed))
                let refused = try await daemon.curl("/limited", "-i")
                if refused.output.contains(" 429 ") {
                    #expect(refused.output.contains("\r\nRetry-After: "))
                    #expect(refused.output.contains("\r\nRateLimit-Policy: \"default\";q=10;w=60\r\n"))
                }
            }
        }

        @Test("an application's own metrics add up over all workers, the dead ones included")
        func metrics() async throws {
            try await Daemon.run(Self.settings) { daemon in
                for round in 0..<2 {
                    for _ in 0..<5 { #expect(try await daemon.curl("/jobs", "-X", "POST").output == "done") }
                    if round == 0 {
                        let victim = try await daemon.readyWorker(ofSlot: 1)
                        Glibc.kill(victim, SIGKILL)
                        _ = try await daemon.readyWorker(ofSlot: 1, other: victim)
                        try await daemon.mustControl("--wait", "reload")
                    }
                }
                let exposition = try await Program.run([
                    "curl", "-sSi", "--unix-socket", daemon.controlSocket, "http://martlet/v1/metrics",
                ]).output
                #expect(exposition.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
                #expect(exposition.contains("\njobs_done_total{queue=\"mail \\\"a\\\"\"} 10\n"))
                #expect(exposition.contains("\njobs_size_count 10\n"))
                let duration =
                    "\nhttp_server_request_duration_seconds_count{http_request_method=\"POST\","
                    + "http_response_status_class=\"2xx\",http_route=\"/jobs\"} 10\n"
                #expect(exposition.contains(duration), "\(exposition)")
                #expect(exposition.contains("\nmartlet_requests_total{slot=\"0\"} "))
                let shown = try await daemon.control("show", "stat").output
                #expect(shown.contains("jobs.done{queue=\"mail \\\"a\\\"\"}"))
                let metrics = try await daemon.query("/v1/stats")["metrics"]
                #expect("\(String(describing: metrics))".contains("jobs.done"))
                #expect(try await daemon.control("show", "metrics").output.contains("# TYPE jobs_done_total counter"))
            }
        }

        @Test(
            "one process in the foreground counts as a worker does, tells it at its control socket, and ends when told")
        func foreground() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let address = "127.0.0.1:\(try FreePort.choose())"
            let socket = directory.file("control.sock")
            let program = try Program([
                try Binaries.path("observed-program"), "run", "--foreground", "--listen", address, "--control", socket,
            ])
            defer { try? program.signal(SIGKILL) }
            func curl(_ path: String, _ arguments: String...) async throws -> String {
                try await Program.run(["curl", "-sS", "--max-time", "10"] + arguments + ["http://\(address)\(path)"])
                    .output
            }
            func control(_ words: String...) async throws -> Program.Result {
                try await Program.run([try Binaries.path("martletctl"), "--socket", socket] + words)
            }
            try await eventually("it serves; it wrote \(program.errors)") {
                try await curl("/jobs", "-X", "POST") == "done"
            }
            for _ in 0..<4 { #expect(try await curl("/jobs", "-X", "POST") == "done") }
            try await eventually("all is counted") {
                let exposition = try await Program.run([
                    "curl", "-sS", "--unix-socket", socket, "http://martlet/v1/metrics",
                ]).output
                return exposition.contains("\njobs_done_total{queue=\"mail \\\"a\\\"\"} 5\n")
                    && exposition.contains("\nmartlet_requests_total{slot=\"0\"} 5\n")
                    && exposition.contains("\nmartlet_request_duration_seconds_count 5\n")
            }
            let shown = try await control("show", "stat").output
            #expect(shown.contains("process_resident_bytes") && shown.contains("jobs.done{"), "\(shown)")
            let unknown = try await control("scale", "2")
            #expect(unknown.status == .exited(1) && unknown.errors.contains("unknown command"), "\(unknown)")
            #expect(ProcessTable.threads(of: program.pid) == 1)
            #expect(try await control("--wait", "drain").status == .exited(0))
            #expect(try await program.finish().status == .exited(0))
            #expect(!TextFile.names(in: directory.path).contains("control.sock"))
        }

        @Test("a service takes no thread, and one that fails has its worker replaced while requests are answered")
        func services() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let workers = daemon.workerProcesses
                #expect(workers.count == 2)
                for worker in workers { #expect(ProcessTable.threads(of: worker) == 1) }
                #expect(try await daemon.curl("/break", "-X", "POST").output == "breaking")
                try await eventually("the worker whose service broke is replaced") {
                    daemon.workerProcesses.count == 2 && daemon.workerProcesses != workers
                }
                for _ in 0..<10 { #expect(try await daemon.curl("/World").output == "Hello, World") }
                let errors = try await daemon.control("show", "errors").output
                #expect(errors.contains("the service \"bookkeeper\" failed: Broken()"), "\(errors)")
            }
        }
    }
}
