import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Work queues")
    struct Queues {
        @Test("jobs in SQLite survive that their workers are killed again and again, and a key runs once at a time")
        func killedWithSQLite() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try await kill("sqlite:\(directory.file("jobs.db"))", log: directory.file("log"))
        }

        @Test("jobs in Redis survive that their workers are killed again and again, and a key runs once at a time")
        func killedWithRedis() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let socket = directory.file("redis.sock")
            let server = try Program([
                "redis-server", "--port", "0", "--unixsocket", socket, "--dir", directory.path, "--save", "",
            ])
            defer { try? server.signal(SIGKILL) }
            try await eventually("redis-server listens") { access(socket, R_OK) == 0 }
            try await kill("unix://\(socket)", log: directory.file("log"))
        }

        private func kill(_ url: String, log: String) async throws {
            let jobs = 120
            let added = try await Program.run([try Binaries.path("queue-program"), url, log, "\(jobs)"])
            #expect(added.status == .exited(0), "\(added)")
            var victims: [Int32] = []
            var workers = try (0..<3).map { _ in try Program([try Binaries.path("queue-program"), url, log]) }
            defer { for worker in workers { try? worker.signal(SIGKILL) } }
            // A job of the kind "poison" kills its worker, too.
            func replaceTheDead() throws {
                for (index, worker) in workers.enumerated() where !worker.isRunning {
                    victims.append(worker.pid)
                    workers[index] = try Program([try Binaries.path("queue-program"), url, log])
                }
            }
            for index in 0..<6 {
                let begun = lines(log).count
                try await eventually("more jobs begin", within: .seconds(30)) {
                    try replaceTheDead()
                    return lines(log).count > begun + 6
                }
                let victim = workers[index % 3]
                try victim.signal(SIGKILL)
                _ = try await victim.finish()
                try replaceTheDead()
            }
            try await eventually("all jobs are over", within: .seconds(90)) {
                try replaceTheDead()
                let ended = Set(lines(log).filter { $0.count == 4 && $0[0] == "end" && $0[2] != "-" }.map { $0[1] })
                let counts = try JSONValue(parsing: try await queue("show", "--at", url, "--json").output)
                return ended.count == jobs && counts["dead"]?.number == 1
            }
            check(lines(log), jobs: jobs, victims: victims)
            let dead = try await queue("list", "dead", "--at", url, "--json")
            let poison = try JSONValue(parsing: dead.output).array ?? []
            #expect(poison.compactMap { $0["kind"]?.string } == ["poison"], "\(dead)")
            #expect(poison.first?["error"]?.string?.contains("was lost") == true)
            for worker in workers {
                try worker.signal(SIGTERM)
                #expect(try await worker.finish().status == .exited(0))
            }
        }

        /// Each job has ended, and none began while another of its key was under way in a process that lived.
        private func check(_ lines: [[Substring]], jobs: Int, victims: [Int32]) {
            var ended = Set<Substring>()
            var running: [Substring: Substring] = [:]
            for line in lines where line.count == 4 && line[2] != "-" {
                let (word, id, key, pid) = (line[0], line[1], line[2], line[3])
                switch word {
                case "begin":
                    if let owner = running[key], let owner = Int32(owner) {
                        #expect(victims.contains(owner), "two jobs of \(key) at once: \(line)")
                    }
                    running[key] = pid
                case "end":
                    ended.insert(id)
                    if running[key] == pid { running[key] = nil }
                default: break
                }
            }
            #expect(ended.count == jobs, "\(ended.count) of \(jobs) jobs have ended")
        }

        private func lines(_ path: String) -> [[Substring]] {
            (TextFile.read(path) ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        }

        private func queue(_ words: String...) async throws -> Program.Result {
            try await Program.run([try Binaries.path("martletctl"), "queue"] + words)
        }

        @Test("the example takes jobs, shows their progress live, and goes on when a worker crashes")
        func example() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let url = "sqlite:\(directory.file("queue.db"))"
            var settings = DaemonSettings()
            settings.binary = "job-queue"
            settings.environment = ["MARTLET_QUEUE=\(url)"]
            try await Daemon.run(settings) { daemon in
                #expect(try await daemon.curl("/").output.contains("EventSource"))
                let id = try await order(#"{"pages":3}"#, on: daemon)
                let events = try await daemon.curl("/jobs/\(id)/events")
                #expect(
                    events.output.contains("event: job") && events.output.contains("\"state\":\"done\""), "\(events)")
                #expect(events.output.contains("event: end"))

                let failing = try await order(#"{"pages":2,"fails":true}"#, on: daemon)
                _ = try await daemon.curl("/jobs/\(failing)/events")
                let dead = try await queue("list", "dead", "--at", url)
                #expect(dead.output.contains("there is no paper for page 2"), "\(dead)")
                #expect(try await queue("retry", "\(failing)", "--at", url).output == "retried 1 job\n")
                let refused = try await daemon.curl("/jobs/\(id)/retry", "-X", "POST", "-w", "%{http_code}")
                #expect(refused.output.hasSuffix("409"), "\(refused)")

                try await crash(on: daemon, url)
                let metrics = try await daemon.control("show", "metrics").output
                for name in ["queue_jobs_succeeded", "queue_job_duration"] {
                    #expect(metrics.contains(name), "\(metrics)")
                }
            }
        }

        /// A worker is killed in the middle of a job: another one takes that over at once, long before the lease is over.
        private func crash(on daemon: Daemon, _ url: String) async throws {
            let id = try await order(#"{"pages":60,"account":"ada"}"#, on: daemon)
            try await eventually("it runs") { try await status(id, on: daemon)["note"]?.string != nil }
            let worker = try #require(try await status(id, on: daemon)["worker"]?.string)
            let pid = try #require(Int32(worker.split(separator: "/")[1]))
            Glibc.kill(pid, SIGKILL)
            try await eventually("another worker has it") {
                let now = try await status(id, on: daemon)["worker"]?.string
                return now != nil && now != worker
            }
            try await eventually("it is done", within: .seconds(20)) {
                try await status(id, on: daemon)["state"]?.string == "done"
            }
            #expect(try await status(id, on: daemon)["attempts"]?.number == 2)
        }

        private func order(_ body: String, on daemon: Daemon) async throws -> Int {
            let answer = try await daemon.curl("/jobs", "-d", body, "-H", "Content-Type: application/json")
            guard let id = try JSONValue(parsing: answer.output)["id"]?.number else { throw Failure("\(answer)") }
            return Int(id)
        }

        private func status(_ id: Int, on daemon: Daemon) async throws -> JSONValue {
            try JSONValue(parsing: try await daemon.curl("/jobs/\(id)").output)
        }

        @Test("martletctl queue says what is wrong with what it is told")
        func mistakes() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let nowhere = try await queue("show")
            #expect(nowhere.status == .exited(2) && nowhere.errors.contains("say where the queue is"), "\(nowhere)")
            let missing = try await queue("show", "--at", "sqlite:\(directory.file("none.db"))")
            #expect(missing.status == .exited(1) && missing.errors.contains("there is no database"), "\(missing)")
            let strange = try await queue("list", "sleeping", "--at", "sqlite:/x")
            #expect(strange.status == .exited(2) && strange.errors.contains("sleeping"), "\(strange)")
            let both = try await queue("retry", "1", "--all-dead", "--at", "sqlite:/x")
            #expect(both.status == .exited(2) && both.errors.contains("--all-dead"), "\(both)")
            let down = try await queue("show", "--at", "redis://127.0.0.1:1")
            #expect(down.status == .exited(1) && down.errors.contains("127.0.0.1:1"), "\(down)")
            #expect(try await queue("--help").output.contains("retry"))
        }
    }
}
