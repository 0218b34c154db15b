import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("The store of a route")
    struct StoreRoutes {
        /// A daemon of two workers whose store lies in a directory of its own.
        private static func run(
            _ keys: String = "", _ body: (Daemon, TemporaryDirectory) async throws -> Void
        ) async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try await Daemon.run(settings(directory, keys)) { daemon in try await body(daemon, directory) }
        }

        private static func settings(_ directory: TemporaryDirectory, _ keys: String = "") -> DaemonSettings {
            var settings = DaemonSettings()
            settings.routes = """
                [[route]]
                path = "/kv/{key...}"
                store = "sqlite:\(directory.file("kv.db"))"
                \(keys)
                """
            return settings
        }

        /// What curl says of an answer: its status, fields and body.
        private struct Answer {
            let status: Int
            let head: String
            let body: String

            func field(_ name: String) -> String? {
                head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                    .map { $0.dropFirst(name.count + 1).drop { $0 == " " } }.map(String.init)
            }
        }

        private static func ask(_ daemon: Daemon, _ path: String, _ arguments: [String] = []) async throws -> Answer {
            let result = try await Program.run(
                ["curl", "-sS", "--max-time", "10", "--path-as-is", "-D", "/dev/stderr", "-w", "\n%{http_code}"]
                    + arguments + ["http://\(daemon.address)\(path)"])
            guard result.status == .exited(0) else { throw Failure("curl \(path): \(result)") }
            let parts = result.output.split(separator: "\n", omittingEmptySubsequences: false)
            return Answer(
                status: Int(parts.last ?? "") ?? 0, head: result.errors, body: parts.dropLast().joined(separator: "\n"))
        }

        @Test("curl keeps, reads, changes and removes entries, on two workers that share them")
        func roundTrip() async throws {
            try await Self.run("value_size = \"1KiB\"") { daemon, directory in
                let made = try await Self.ask(
                    daemon, "/kv/a/b", ["-X", "PUT", "-H", "Content-Type: text/plain", "-d", "hello"])
                #expect(made.status == 201)
                let tag = try #require(made.field("ETag"))
                // Each connection may be another worker's.
                for _ in 0..<8 {
                    let read = try await Self.ask(daemon, "/kv/a/b")
                    #expect(read.status == 200 && read.body == "hello" && read.field("ETag") == tag)
                    #expect(read.field("Content-Type") == "text/plain")
                }
                #expect(try await Self.ask(daemon, "/kv/a/b", ["-H", "If-None-Match: \(tag)"]).status == 304)
                let wrong = ["-X", "PUT", "-H", "If-Match: \"0\"", "-d", "x"]
                #expect(try await Self.ask(daemon, "/kv/a/b", wrong).status == 412)
                let right = ["-X", "PUT", "-H", "If-Match: \(tag)", "-d", "new"]
                #expect(try await Self.ask(daemon, "/kv/a/b", right).status == 204)
                #expect(try await Self.ask(daemon, "/kv/a/b", right).status == 412)
                let new = ["-X", "PUT", "-H", "If-None-Match: *", "-d", "x"]
                #expect(try await Self.ask(daemon, "/kv/a/b", new).status == 412)
                let large = ["-X", "PUT", "-d", String(repeating: "x", count: 1025)]
                let refused = try await Self.ask(daemon, "/kv/large", large)
                #expect(refused.status == 413 && refused.field("Content-Type")?.contains("problem+json") == true)
                let count = ["-X", "PATCH", "-H", "Content-Type: application/json", "-d", "{\"increment\": 2}"]
                for sum in ["2", "4", "6", "8"] {
                    #expect(try await Self.ask(daemon, "/kv/count", count).body == sum)
                }
                let list = try await Self.ask(daemon, "/kv?prefix=a/")
                #expect(list.body.contains("\"key\":\"a/b\"") && !list.body.contains("count"))
                #expect(try await Self.ask(daemon, "/kv/a/b", ["-X", "DELETE"]).status == 204)
                #expect(try await Self.ask(daemon, "/kv/a/b").status == 404)
                #expect(try await Self.ask(daemon, "/kv/a/b", ["-X", "POST", "-d", "x"]).status == 405)
            }
        }

        @Test("changes have to have conditions where the configuration says so, and values to be JSON")
        func required() async throws {
            try await Self.run("require_conditions = true\nvalues = \"json\"\nttl = \"1h\"") { daemon, _ in
                let json = ["-H", "Content-Type: application/json", "-X", "PUT"]
                #expect(try await Self.ask(daemon, "/kv/a", json + ["-d", "1"]).status == 428)
                let new = json + ["-H", "If-None-Match: *"]
                #expect(try await Self.ask(daemon, "/kv/a", new + ["-d", "{"]).status == 400)
                let made = try await Self.ask(daemon, "/kv/a", new + ["-d", "{}"])
                #expect(made.status == 201 && made.field("TTL") == "3600")
            }
        }

        @Test("a restart keeps what was there, and so does a reload")
        func restart() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try await Daemon.run(Self.settings(directory)) { daemon in
                #expect(try await Self.ask(daemon, "/kv/a", ["-X", "PUT", "-d", "kept"]).status == 201)
                try await daemon.mustControl("reload")
                #expect(try await Self.ask(daemon, "/kv/a").body == "kept")
            }
            try await Daemon.run(Self.settings(directory)) { daemon in
                let kept = try await Self.ask(daemon, "/kv/a")
                #expect(kept.body == "kept")
            }
        }

        @Test("workers that are killed while they write lose nothing that was answered")
        func killed() async throws {
            try await Self.run { daemon, _ in
                let isOver = Event()
                let writer = Task { () -> [Int] in
                    var kept: [Int] = []
                    var number = 0
                    while !isOver.isSet {
                        let body = ["-X", "PUT", "-d", "value \(number)"]
                        let answer = try? await Self.ask(daemon, "/kv/\(number)", body)
                        if answer?.status == 201 { kept.append(number) }
                        number += 1
                    }
                    return kept
                }
                for slot in [0, 1, 0, 1] {
                    let before = try await daemon.total("requests")
                    try await eventually("requests go on") { try await daemon.total("requests") > before + 10 }
                    let victim = try await daemon.readyWorker(ofSlot: slot)
                    Glibc.kill(victim, SIGKILL)
                    _ = try await daemon.readyWorker(ofSlot: slot, other: victim)
                }
                isOver.set()
                let kept = await writer.value
                #expect(kept.count >= 20)
                for number in kept {
                    let body = try await Self.ask(daemon, "/kv/\(number)").body
                    #expect(body == "value \(number)")
                }
            }
        }

        @Test("a store that cannot be opened keeps the daemon from starting, with the reason")
        func unusable() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let file = directory.file("martlet.toml")
            try TextFile.write(
                """
                workers = 1
                control = ""
                [[listen]]
                address = "127.0.0.1:\(try FreePort.choose())"
                [[route]]
                path = "/kv/{key}"
                store = "sqlite:/nowhere/kv.db"
                """, to: file)
            let check = try await Program.run([try Binaries.path("martletd"), "check", "--config", file])
            #expect(check.status == .exited(0), "\(check)")
            let result = try await Program.run([try Binaries.path("martletd"), "run", "--config", file])
            #expect(result.status != .exited(0) && result.errors.contains("/nowhere/kv.db"), "\(result)")
        }
    }
}
