import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    /// What one worker sends reaches all others, whatever becomes of the processes meanwhile.
    @Suite("Bus")
    struct Bus {
        /// What a worker tells of itself.
        private struct Report {
            let pid: Int32
            let identity: UInt64
            let sent: Int
            let receivedBytes: Int
            let received: [(text: String, from: UInt64)]
            let joined: [UInt64]
            let left: [UInt64]
            let others: [UInt64]

            init(_ text: String) throws {
                let json = try JSONValue(parsing: text)
                func numbers(_ name: String) -> [UInt64] {
                    (json[name]?.array ?? []).compactMap { $0.number.map(UInt64.init) }
                }
                pid = Int32(json["pid"]?.number ?? 0)
                identity = UInt64(json["identity"]?.number ?? 0)
                sent = Int(json["sent"]?.number ?? 0)
                receivedBytes = Int(json["receivedBytes"]?.number ?? 0)
                received = (json["received"]?.array ?? []).map {
                    ($0["text"]?.string ?? "", UInt64($0["from"]?.number ?? 0))
                }
                joined = numbers("joined")
                left = numbers("left")
                others = numbers("others")
            }

            /// What it has received from another.
            func texts(from sender: UInt64) -> [String] { received.filter { $0.from == sender }.map(\.text) }
        }

        private static func settings(workers: Int) -> DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = "web-program"
            settings.workers = workers
            return settings
        }

        /// Sends a message from a worker that the kernel chooses, and returns what that worker tells.
        private func send(_ text: String, _ daemon: Daemon) async throws -> Report {
            try Report(try await daemon.curl("/bus", "-X", "POST", "--data-binary", text).output)
        }

        /// A report of every worker that serves, in the order of identities. The kernel chooses who answers.
        private func reports(_ daemon: Daemon) async throws -> [Report] {
            let wanted = Set(try await daemon.workers().filter { $0.state == "ready" }.map(\.pid))
            var found: [Int32: Report] = [:]
            try await eventually("all of \(wanted) have answered; \(found.keys) have") {
                let report = try Report(try await daemon.curl("/bus").output)
                found[report.pid] = report
                return wanted.isSubset(of: found.keys)
            }
            return found.values.filter { wanted.contains($0.pid) }.sorted { $0.identity < $1.identity }
        }

        /// Waits until every worker's report is as it should be, and returns them.
        private func settled(
            _ what: String, _ daemon: Daemon, _ condition: ([Report]) -> Bool
        ) async throws -> [Report] {
            var last: [Report] = []
            try await eventually("\(what): \(last)", within: .seconds(20)) {
                last = try await reports(daemon)
                return condition(last)
            }
            return last
        }

        /// Whether all know each other, and nobody else.
        private func areAcquainted(_ reports: [Report]) -> Bool {
            let all = Set(reports.map(\.identity))
            return reports.allSatisfy { Set($0.others) == all.subtracting([$0.identity]) }
        }

        @Test("what one worker sends reaches each other worker once, and show info counts it")
        func broadcast() async throws {
            try await Daemon.run(Self.settings(workers: 3)) { daemon in
                let sender = try await send("hello", daemon).identity
                let reports = try await settled("both others have it", daemon) { reports in
                    reports.count == 3 && reports.allSatisfy { $0.identity == sender || !$0.received.isEmpty }
                }
                #expect(Set(reports.map(\.identity)).count == 3)
                for report in reports {
                    #expect(report.texts(from: sender) == (report.identity == sender ? [] : ["hello"]))
                }
                #expect(areAcquainted(reports))
                try await daemon.expect("bus_messages", becomes: 1)
                try await daemon.expect("bus_bytes", becomes: 5)
                let info = try await daemon.control("show", "info").output
                #expect(info.contains("messages between workers: 1, 5 bytes, 0 dropped"), "\(info)")
            }
        }

        @Test("when a worker is killed the others learn that it is gone, and that another one has come")
        func killed() async throws {
            try await Daemon.run(Self.settings(workers: 3)) { daemon in
                let before = try await settled("all know each other", daemon) { $0.count == 3 && areAcquainted($0) }
                let victim = before[1]
                Glibc.kill(victim.pid, SIGKILL)
                let after = try await settled("all know the new one", daemon) { reports in
                    reports.count == 3 && !reports.contains { $0.pid == victim.pid } && areAcquainted(reports)
                }
                let newcomer = try #require(after.last)
                #expect(newcomer.identity > before[2].identity, "no identity is used again")
                for report in after.dropLast() {
                    #expect(report.left == [victim.identity])
                    #expect(report.joined.last == newcomer.identity)
                }
                let sender = try await send("after the crash", daemon).identity
                _ = try await settled("the others have it", daemon) { reports in
                    reports.allSatisfy {
                        $0.identity == sender || $0.texts(from: sender) == ["after the crash"]
                    }
                }
            }
        }

        @Test("across a reload both generations hear each other, until the old one has drained")
        func reload() async throws {
            try await Daemon.run(Self.settings(workers: 2)) { daemon in
                let old = try await settled("both know each other", daemon) { $0.count == 2 && areAcquainted($0) }
                let before = try await daemon.total("requests")
                let held = try RawConnection(port: daemon.port)
                try await held.send("POST /bus/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                try await eventually("the request is seen") { try await daemon.total("requests") > before }
                try await daemon.mustControl("reload")
                // The worker that holds a request stays, and both new ones know it.
                try await daemon.settle(on: 3)
                let new = try await settled("the new ones know who drains", daemon) { reports in
                    reports.count == 2 && reports.allSatisfy { $0.others.count == 2 }
                }
                let draining = try #require(new[0].others.first { number in !new.contains { $0.identity == number } })
                #expect(old.contains { $0.identity == draining })

                let sender = try await send("are you there?", daemon).identity
                try await held.receive(until: "\"are you there?\"")
                #expect(held.statuses == [200])
                held.close()
                let reports = try await settled("the echo is heard, and its sender gone", daemon) { reports in
                    reports.allSatisfy { $0.texts(from: draining) == ["echo of are you there?"] }
                        && areAcquainted(reports)
                }
                #expect(reports.count == 2 && reports.allSatisfy { $0.left.contains(draining) })
                #expect(reports.contains { $0.identity == sender })
            }
        }

        @Test("workers that are added or taken away by scale are heard and told of")
        func scale() async throws {
            try await Daemon.run(Self.settings(workers: 2)) { daemon in
                for (count, text) in [(4, "to four"), (1, "to one"), (3, "to three")] {
                    try await daemon.mustControl("scale", "\(count)")
                    try await daemon.settle(on: count)
                    _ = try await settled("all \(count) know each other", daemon) {
                        $0.count == count && areAcquainted($0)
                    }
                    let sender = try await send(text, daemon).identity
                    _ = try await settled("\(text) is heard", daemon) { reports in
                        reports.allSatisfy { $0.identity == sender || $0.texts(from: sender).last == text }
                    }
                }
            }
        }

        @Test("a worker that is stopped holds up nobody, and the supervisor keeps a bounded queue for it")
        func stopped() async throws {
            var settings = Self.settings(workers: 3)
            settings.timeouts["stall"] = "\"60s\""
            try await Daemon.run(settings) { daemon in
                let reports = try await settled("all know each other", daemon) { $0.count == 3 && areAcquainted($0) }
                let victim = reports[0]
                let connection = try RawConnection(port: daemon.port)
                // Whoever has a connection from before answers on it, the stopped one excepted.
                try await connection.send("GET /bus HTTP/1.1\r\nHost: x\r\n\r\n")
                try await connection.receive(until: "\"pid\"")
                let stopped = connection.text.contains("\"pid\":\(victim.pid)") ? reports[1] : victim
                Glibc.kill(stopped.pid, SIGSTOP)
                defer { Glibc.kill(stopped.pid, SIGCONT) }
                for round in 1...8 {
                    connection.forget()
                    try await connection.send(
                        "POST /bus/flood/64 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                    try await connection.receive(until: "\"sent\":\(round * 64)")
                    try await eventually("round \(round) has gone through") {
                        try await daemon.total("bus_messages") == Double(round * 64)
                    }
                }
                // 32 MiB were sent; eight wait for the worker that is stopped, and a little in its socket.
                let dropped = try await daemon.total("bus_dropped")
                #expect(dropped >= 350 && dropped < 400, "\(dropped) of 512")
                let resident = try #require(ProcessTable.memory(of: daemon.pid)?.private)
                #expect(resident < 40_000, "KiB of the supervisor")
                Glibc.kill(stopped.pid, SIGCONT)
                let kept = Int(512 - dropped) * 65_536
                let after = try await settled("what was kept is read", daemon) { reports in
                    reports.contains { $0.pid == stopped.pid && $0.receivedBytes == kept }
                }
                #expect(after.contains { $0.receivedBytes == 512 * 65_536 }, "the third has all")
            }
        }
    }
}
