import Glibc
import RedisFixture
import Testing

extension EndToEnd {
    @Suite("Examples")
    struct Examples {
        @Test("hello-loop greets")
        func helloLoop() async throws {
            #expect(try await output(of: "hello-loop") == ["Hello …", "… World"])
        }

        @Test("side-by-side takes as long as the longer of two")
        func sideBySide() async throws {
            let lines = try await output(of: "side-by-side")
            #expect(lines.prefix(4) == ["brewing tea", "roasting toast", "tea is ready", "toast is ready"])
            #expect(lines.last?.hasPrefix("hot tea and crisp toast") == true)
        }

        @Test("raise-and-catch catches what it raises")
        func raiseAndCatch() async throws {
            #expect(
                try await output(of: "raise-and-catch") == [
                    "the rice is burnt", "the soup is taken off the fire", "dinner is off: the fish is burnt",
                    "peas are fine", "failed: Burnt(dish: \"beans\")", "the roast is taken off the fire",
                    "too late: the roast", "the third pancake is the best",
                ])
        }

        @Test("as-completed shows results in the order in which they are there")
        func asCompleted() async throws {
            // Three at a time: 400, 100 and 300 begin; 200 when 100 is over, 50 when 300 and 200 are.
            let lines = try await output(of: "as-completed")
            #expect(lines.first == "100 ms")
            #expect(lines.last == "400 ms" || lines.last == "50 ms")
            #expect(Set(lines) == ["50 ms", "100 ms", "200 ms", "300 ms", "400 ms"])
        }

        @Test("echo sends back what a client of its own sends, and closes when told to")
        func echo() async throws {
            try await serving("echo", ["serve", "127.0.0.1:0"]) { server, port in
                let directory = try TemporaryDirectory()
                defer { directory.remove() }
                let text = String(repeating: "once more with feeling\n", count: 20_000)
                try TextFile.write(text, to: directory.file("words"))
                let echoed = try await Program.run([
                    "sh", "-c", "exec \"$0\" send 127.0.0.1:\(port) < \"$1\"", try Binaries.path("echo"),
                    directory.file("words"),
                ])
                #expect(echoed.status == .exited(0), "\(echoed.errors)")
                #expect(echoed.output == text)
                try server.signal(SIGTERM)
                let result = try await server.finish()
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("downloads come while the loop does other things")
        func downloads() async throws {
            let lines = try await output(of: "downloads")
            #expect(
                lines == [
                    "downloading 3, and the loop is free for other things", "other things were done meanwhile",
                    "small is there: 10000 bytes", "medium is there: 100000 bytes", "large is there: 1000000 bytes",
                    "done",
                ])
        }

        @Test("fetch-three gets files side by side, and other work goes on")
        func fetchThree() async throws {
            var settings = DaemonSettings()
            settings.binary = "web-program"
            try await Daemon.run(settings) { daemon in
                let base = "http://\(daemon.address)"
                let fetched = try await Program.run([
                    try Binaries.path("fetch-three"), base + "/stream", base + "/client", base + "/stream?again",
                ])
                #expect(fetched.status == .exited(0), "\(fetched)")
                let lines = fetched.output.split(separator: "\n").map(String.init)
                #expect(lines.first == "fetching 3, and the loop is free for other things")
                #expect(lines.filter { $0 == "/stream is there: 24 bytes" }.count == 2, "\(lines)")
                #expect(lines.contains("/client is there: 9 bytes"))
            }
        }

        @Test("redis-hello sets a key and reads it back")
        func redisHello() async throws {
            try await RedisServer.with { server in
                let said = try await Program.run([try Binaries.path("redis-hello"), server.url])
                #expect(said.status == .exited(0) && said.output == "hello\n", "\(said)")
            }
        }

        @Test("link-checker finds what is broken, and where it stands")
        func linkChecker() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try TextFile.write("<a href='b.html'>b</a> <img src=\"gone.png\">", to: directory.file("index.html"))
            try TextFile.write(
                "<a href=\"/index.html#top\">back</a> <a href=\"mailto:a@b\">m</a>", to: directory.file("b.html"))
            let port = try FreePort.choose()
            let server = try Program([
                "python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory.path, "\(port)",
            ])
            let first = try await Program.run([
                "curl", "--silent", "--retry", "30", "--retry-connrefused", "--retry-delay", "1",
                "http://127.0.0.1:\(port)/index.html",
            ])
            #expect(first.status == .exited(0), "python serves: \(first)")
            let checked = try await Program.run([
                try Binaries.path("link-checker"), "http://127.0.0.1:\(port)/index.html",
            ])
            #expect(checked.status == .exited(1), "\(checked)")
            #expect(
                checked.output.contains("/index.html: http://127.0.0.1:\(port)/gone.png: the server answers with 404"))
            #expect(checked.output.hasSuffix("3 links on 2 pages, 1 broken\n"), "\(checked.output)")
            try server.signal(SIGTERM)
            _ = try await server.finish()
        }

        @Test("mirror shows how far it is, and the second time has nothing to do")
        func mirror() async throws {
            let origin = try FileOrigin()
            try await origin.start()
            try await origin.make("a.bin", megabytes: 1)
            let target = origin.directory.file("target")
            let first = try await output(of: "mirror", target, origin.url("a.bin"), origin.url("b.bin"))
            #expect(first.contains("\(target)/a.bin: 1048576 bytes, 1048576 of them new"), "\(first)")
            #expect(first.last?.hasSuffix("/b.bin: the server answers with 404 Not Found") == true)
            let second = try await output(of: "mirror", target, origin.url("a.bin"))
            #expect(second.contains("\(target)/a.bin: 1048576 bytes, 0 of them new"))
            await origin.end()
        }

        @Test("cpu-bound work runs in threads and in processes, and a crash is an error")
        func cpuBound() async throws {
            let lines = try await output(of: "cpu-bound", "500000")
            #expect(lines.count == 3)
            #expect(lines.first?.hasPrefix("in threads: 41538 primes, four times; ") == true)
            #expect(lines.dropFirst().first?.hasPrefix("in processes: 41538 primes, four times; ") == true)
            #expect(lines.last?.hasPrefix("a crash: was killed by signal") == true)
        }

        @Test("chat tells everyone else what one says")
        func chat() async throws {
            try await serving("chat", ["127.0.0.1:0"]) { server, port in
                let ada = try RawConnection(port: port)
                try await ada.receive(until: "What is your name? ")
                try await ada.send("Ada\n")
                try await ada.receive(until: "Welcome, Ada. Others here: 0\n")
                let bob = try RawConnection(port: port)
                try await bob.send("Bob\n")
                try await ada.receive(until: "* Bob has come\n")
                try await ada.send("hello\n")
                try await bob.receive(until: "Ada: hello\n")
                bob.close()
                try await ada.receive(until: "* Bob has left\n")
                try server.signal(SIGINT)
                try await ada.receiveToEnd()
                let result = try await server.finish()
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("pipelines run, connect, talk to and end other programs")
        func pipelines() async throws {
            let lines = try await output(of: "pipelines")
            #expect(
                lines.prefix(6) == [
                    "RUN A PROGRAM", "most frequent: 3 the", "cat says one", "cat says two", "cat exited with code 0",
                    "sleep took too long, and was ended",
                ])
            #expect(lines.last?.contains("no-such-program") == true)
        }

        @Test("todo keeps a list, and describes itself in valid OpenAPI")
        func todo() async throws {
            try await servingHTTP("todo", environment: ["TODO_TOKEN=secret"]) { address in
                let token = ["-H", "Authorization: Bearer secret"]
                #expect(try await curl("http://\(address)/todos", "-o", "/dev/null", "-w", "%{http_code}") == "401")
                let body = ["-H", "Content-Type: application/json", "-d", "{\"title\":\"milk\"}"]
                let added = try await curl("http://\(address)/todos", token + body)
                #expect(try JSONValue(parsing: added)["title"]?.string == "milk")
                let stale = ["-X", "PUT", "-H", "If-Match: \"1-7\"", "-o", "/dev/null", "-w", "%{http_code}"]
                #expect(try await curl("http://\(address)/todos/1", token + body + stale) == "412")
                let validation = try await Program.run(
                    [TestScript.path("validate-openapi"), "http://\(address)/openapi.json"], within: .seconds(180))
                #expect(validation.status == .exited(0), "\(validation)")
            }
        }

        @Test("upload keeps files, and sends them back whole and in part")
        func upload() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let source = try TemporaryDirectory()
            defer { source.remove() }
            let text = String(repeating: "0123456789", count: 50_000)
            try TextFile.write(text, to: source.file("numbers.txt"))
            try await servingHTTP("upload", environment: ["UPLOAD_DIRECTORY=\(directory.path)"]) { address in
                let sent = try await curl(
                    "http://\(address)/files", "-F", "file=@\(source.file("numbers.txt"))", "-w", "%{http_code}")
                #expect(sent == "303")
                #expect(try await curl("http://\(address)/").contains("href=\"/files/numbers.txt\""))
                #expect(try await curl("http://\(address)/files/numbers.txt") == text)
                #expect(try await curl("http://\(address)/files/numbers.txt", "-r", "499995-") == "56789")
                let head = try await curl("http://\(address)/files/numbers.txt", "-o", "/dev/null", "-D", "-")
                #expect(head.contains("Content-Disposition: attachment; filename=\"numbers.txt\""))
                let escape = ["-F", "file=@\(source.file("numbers.txt"));filename=../out", "-w", "%{http_code}"]
                #expect(try await curl("http://\(address)/files", ["-o", "/dev/null"] + escape) == "422")
                let large = ["-F", "file=@/bin/bash", "-F", "more=@/bin/bash", "-o", "/dev/null", "-w", "%{http_code}"]
                #expect(try await curl("http://\(address)/files", large) == "413")
            }
        }

        @Test("events go on where a client was when it left")
        func events() async throws {
            try await servingHTTP("events") { address in
                let first = try await events(from: address, "--max-time", "2")
                #expect(first.count >= 2)
                let last = try #require(first.last)
                let next = try await events(from: address, "--max-time", "2", "-H", "Last-Event-ID: \(last - 1)")
                #expect(next.first == last)
                #expect(zip(next, next.dropFirst()).allSatisfy { $1 == $0 + 1 })
            }
        }

        /// The numbers of the events that come until curl gives up.
        private func events(from address: String, _ arguments: String...) async throws -> [Int] {
            let result = try await Program.run(["curl", "-sSN"] + arguments + ["http://\(address)/events"])
            return result.output.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap {
                Int($0.dropFirst(4))
            }
        }

        @Test("cpu-bound-http answers others while it counts")
        func cpuBoundHTTP() async throws {
            try await servingHTTP("cpu-bound-http") { address in
                for way in ["threads", "processes"] {
                    let counting = try Program(
                        ["curl", "-sS", "--max-time", "60", "http://\(address)/primes/\(way)/20000000"])
                    #expect(try await curl("http://\(address)/ping", "--max-time", "2") == "pong")
                    let counted = try await counting.finish(within: .seconds(60))
                    #expect(counted.output == "{\"primes\":1270607}", "\(counted)")
                }
            }
        }

        @Test("counter counts over restarts")
        func counter() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let environment = ["COUNTER_STORE=sqlite:\(directory.file("counter.db"))"]
            for before in [0, 3] {
                try await servingHTTP("counter", environment: environment) { address in
                    let url = "http://\(address)/counters/visits"
                    var answers = [try await curl(url)]
                    for _ in 1...3 { answers.append(try await curl(url, "-X", "POST")) }
                    let expected = (before...before + 3).map { "{\"name\":\"visits\",\"count\":\($0)}" }
                    #expect(answers == expected)
                }
            }
        }

        @Test("cached makes a report once for all who ask at the same time")
        func cached() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let environment = ["CACHED_STORE=sqlite:\(directory.file("cached.db"))"]
            try await servingHTTP("cached", environment: environment) { address in
                let url = "http://\(address)/reports/today"
                let programs = try (0..<10).map { _ in try Program(["curl", "-sS", "--max-time", "20", url]) }
                var reports: Set<String> = []
                for program in programs { reports.insert(try await program.finish(within: .seconds(20)).output) }
                #expect(reports.count == 1 && reports.first?.hasPrefix("report \"today\"") == true, "\(reports)")
                let later = try await curl(url)
                #expect(later == reports.first)
            }
        }

        /// What curl gets.
        private func curl(_ url: String, _ arguments: String...) async throws -> String {
            try await curl(url, arguments)
        }

        private func curl(_ url: String, _ arguments: [String]) async throws -> String {
            let result = try await Program.run(["curl", "-sS", "--max-time", "20"] + arguments + [url])
            guard result.status == .exited(0) else { throw Failure("curl \(url): \(result)") }
            return result.output
        }

        /// Runs an application of one worker for as long as `body` does.
        private func servingHTTP(
            _ name: String, environment: [String] = [], _ body: (_ address: String) async throws -> Void
        ) async throws {
            let address = "127.0.0.1:\(try FreePort.choose())"
            let server = try Program(
                [try Binaries.path(name), "run", "--workers", "1", "--control", "", "--listen", address],
                environment: environment)
            do {
                try await eventually("\(name) answers; it wrote: \(server.errors)") {
                    try await Program.run(["curl", "-s", "-o", "/dev/null", "http://\(address)/"]).status == .exited(0)
                }
                try await body(address)
                try server.signal(SIGTERM)
                let result = try await server.finish()
                #expect(result.status == .exited(0), "\(result)")
            } catch {
                try? server.signal(SIGKILL)
                throw Failure("\(error)\n\(name) wrote:\n\(server.errors)")
            }
        }

        /// The lines that an example prints to the end.
        private func output(of name: String, _ arguments: String...) async throws -> [String] {
            let result = try await Program.run([try Binaries.path(name)] + arguments)
            #expect(result.status == .exited(0), "\(result)")
            return result.output.split(separator: "\n").map(String.init)
        }

        /// Runs an example that says where it listens, for as long as `body` does.
        private func serving(
            _ name: String, _ arguments: [String], _ body: (Program, _ port: UInt16) async throws -> Void
        ) async throws {
            let server = try Program([try Binaries.path(name)] + arguments)
            do {
                try await eventually("\(name) says where it listens") { server.output.contains("\n") }
                let line = server.output.prefix { $0 != "\n" }
                guard line.hasPrefix("listening on "), let port = UInt16(line.split(separator: ":").last ?? "") else {
                    throw Failure("\(name) says \"\(line)\"")
                }
                try await body(server, port)
            } catch {
                try? server.signal(SIGKILL)
                throw error
            }
            if server.isRunning { try server.signal(SIGKILL) }
        }
    }
}
