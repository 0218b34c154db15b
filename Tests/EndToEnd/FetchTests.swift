import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Downloads")
    struct Downloads {
        @Test("fetch brings files, says so, and does nothing when they are there; what is missing is named")
        func fetch() async throws {
            try await withOrigin { origin, target in
                try TextFile.write("small", to: origin.directory.file("files/a.txt"))
                let first = try await fetch(origin.url("a.txt"), "-d", target)
                #expect(first.status == .exited(0) && first.errors.contains("1 of 1 file, 5 B"), "\(first)")
                #expect(TextFile.read(target + "/a.txt") == "small")
                let second = try await fetch(origin.url("a.txt"), origin.url("b.txt"), "-d", target)
                #expect(second.status == .exited(1), "\(second)")
                #expect(second.errors.contains("a.txt: is there already"))
                #expect(second.errors.contains("failed: \(origin.url("b.txt")): the server answers with 404 Not Found"))
                let usage = try await fetch("--segments", "0", "http://x/")
                #expect(usage.status == .exited(2) && usage.errors.contains("--segments: 0 is not between 1 and 64"))
            }
        }

        @Test("a thousand files survive that client and server are killed again and again")
        func thousand() async throws {
            try await withOrigin { origin, target in
                let made = try await Program.run([
                    "sh", "-c", "cd \"$0\" && head -c 8000000 /dev/urandom | split -b 8000 -a 3 -d - file-",
                    origin.directory.file("files"),
                ])
                #expect(made.status == .exited(0), "\(made)")
                let list = (0..<1000).map { number in
                    let digits = String(number)
                    return origin.url("file-" + String(repeating: "0", count: 3 - digits.count) + digits)
                }
                try TextFile.write(list.joined(separator: "\n"), to: origin.directory.file("list"))
                try await killing(origin, times: 6, ["-i", origin.directory.file("list"), "-d", target, "-q"])
                try await compare(origin, target)
            }
        }

        @Test("a large file in segments survives that client and server are killed again and again")
        func large() async throws {
            // So slow that it is under way while all of this happens.
            try await withOrigin(rate: 24 << 20) { origin, target in
                // `make test-downloads` has it larger.
                let megabytes = getenv("MARTLET_DOWNLOAD_MEGABYTES").flatMap { Int(String(cString: $0)) } ?? 256
                try await origin.make("large.bin", megabytes: megabytes)
                let sum = try await Program.run(["sha256sum", origin.directory.file("files/large.bin")])
                let checksum = "sha256:" + sum.output.prefix(64)
                let arguments = [
                    origin.url("large.bin"), "-d", target, "-q", "--checksum", checksum, "--retries", "100",
                ]
                try await killing(origin, times: megabytes > 256 ? 20 : 6, arguments)
                try await compare(origin, target)
            }
        }

        @Test("an interrupt leaves what the next run goes on with")
        func interrupt() async throws {
            try await withOrigin(rate: 4 << 20) { origin, target in
                try await origin.make("large.bin", megabytes: 8)
                let program = try Program([
                    try Binaries.path("martletctl"), "fetch", origin.url("large.bin"), "-d", target,
                ])
                try await eventually("something is noted down") { noted(target) }
                try program.signal(SIGINT)
                let result = try await program.finish()
                #expect(result.status == .exited(130) && result.errors.contains("it was cancelled"), "\(result)")
                #expect(try await fetch(origin.url("large.bin"), "-d", target).status == .exited(0))
                try await compare(origin, target)
            }
        }

        @Test("the daemon fetches what is posted, and goes on when the worker that does is killed")
        func daemon() async throws {
            try await withOrigin(rate: 2 << 20) { origin, target in
                try await origin.make("large.bin", megabytes: 8)
                var settings = DaemonSettings()
                settings.routes = """
                    [[route]]
                    path = "/downloads"
                    downloads = "\(target)"
                    hosts = ["127.0.0.1"]
                    networks = ["127.0.0.1/32"]
                    segments = 1
                    """
                try await Daemon.run(settings) { daemon in
                    let posted = try await daemon.curl(
                        "/downloads", "-H", "Content-Type: application/json", "-d",
                        "{\"url\":\"\(origin.url("large.bin"))\"}")
                    #expect(posted.output.contains("\"state\":\"queued\""), "\(posted)")
                    try await eventually("something is noted down") { noted(target) }
                    for pid in daemon.workerProcesses { kill(pid, SIGKILL) }
                    try await daemon.settle(on: 2)
                    try await eventually("the file is there", within: .seconds(30)) {
                        try await daemon.curl("/downloads/1").output.contains("\"state\":\"done\"")
                    }
                    try await daemon.expect("downloads_succeeded", becomes: 1)
                }
                try await compare(origin, target)
            }
        }

        // MARK: -

        private func withOrigin(
            rate: Int = 0, _ body: (FileOrigin, String) async throws -> Void
        ) async throws {
            let origin = try FileOrigin(rate: rate)
            do {
                try await origin.start()
                try await body(origin, origin.directory.file("target"))
            } catch {
                await origin.end()
                throw error
            }
            await origin.end()
        }

        private func fetch(_ arguments: String...) async throws -> Program.Result {
            try await Program.run([try Binaries.path("martletctl"), "fetch"] + arguments, within: .seconds(60))
        }

        /// Whether there is a record of a partial file.
        private func noted(_ target: String) -> Bool {
            guard let directory = opendir(target) else { return false }
            defer { closedir(directory) }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                }
                if name.hasSuffix(".part.json") { return true }
            }
            return false
        }

        /// Runs fetch until it succeeds, and kills it, or the server, at random moments.
        private func killing(_ origin: FileOrigin, times: Int, _ arguments: [String]) async throws {
            let command = [try Binaries.path("martletctl"), "fetch"] + arguments
            for round in 0..<times {
                let program = try Program(command)
                let moment = EventLoop.Instant.readClock() + .milliseconds(Int.random(in: 50...1500))
                while program.isRunning, EventLoop.Instant.readClock() < moment {
                    try await Task.sleep(for: .milliseconds(2))
                }
                if round % 2 == 1 {
                    try await origin.kill()
                    try await origin.start()
                }
                try? program.signal(SIGKILL)
                _ = try await program.finish()
            }
            let last = try await Program.run(command, within: .seconds(180))
            #expect(last.status == .exited(0), "\(last)")
        }

        /// Everything is there, bit by bit, and nothing else but the daemon's database.
        private func compare(_ origin: FileOrigin, _ target: String) async throws {
            let difference = try await Program.run(
                ["diff", "-r", "--exclude=.downloads.db*", origin.directory.file("files"), target])
            #expect(difference.status == .exited(0), "\(difference)")
        }
    }
}
