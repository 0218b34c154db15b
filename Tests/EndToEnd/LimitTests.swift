import MartletLoop
import Testing

extension EndToEnd {
    /// Every limit refuses with its status, and counts where an operator looks.
    @Suite("Limits")
    struct Limits {
        private static var settings: DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = "web-program"
            settings.workers = 1
            return settings
        }

        /// The status that a request is answered with.
        private func status(of request: String, _ daemon: Daemon) async throws -> Int? {
            let connection = try RawConnection(port: daemon.port)
            defer { connection.close() }
            try await connection.send(request)
            try await connection.receiveToEnd()
            return connection.statuses.last
        }

        @Test("line, fields, body and number of requests are limited, and show stat says how often")
        func sizes() async throws {
            var settings = Self.settings
            settings.limits = [
                "request_line": "100", "field_section": "400", "fields": "5", "body": "1000", "requests": "2",
            ]
            try await Daemon.run(settings) { daemon in
                let end = "Connection: close\r\n\r\n"
                let long = String(repeating: "a", count: 500)
                #expect(try await status(of: "GET /\(long) HTTP/1.1\r\nHost: x\r\n\(end)", daemon) == 414)
                #expect(try await status(of: "GET / HTTP/1.1\r\nHost: x\r\nA: \(long)\r\n\(end)", daemon) == 431)
                let many = String(repeating: "A: b\r\n", count: 5)
                #expect(try await status(of: "GET / HTTP/1.1\r\nHost: x\r\n\(many)\(end)", daemon) == 431)
                let body = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\(end)"
                #expect(try await status(of: body, daemon) == 413)

                let waiting = try (0..<2).map { _ in try RawConnection(port: daemon.port) }
                for connection in waiting { try await connection.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n") }
                try await eventually("both wait") { try await daemon.curl("/waiting").output.contains("g\":2") }
                let third = try await daemon.curl("/wait", "-o", "/dev/null", "-w", "%{http_code}")
                #expect(third.output == "503")
                #expect(try await daemon.curl("/release", "-X", "POST").output == "released")
                for connection in waiting { try await connection.receive(until: "waited") }

                let shown = try await daemon.control("show", "stat").output
                let counts = [
                    "targets_too_long": 1, "heads_too_large": 2, "bodies_too_large": 1, "requests_refused": 1,
                ]
                for (name, count) in counts {
                    try await daemon.expect(name, becomes: Double(count))
                    #expect(shown.contains(name), "show stat has no \(name)")
                }
            }
        }

        @Test("connections beyond the limit are told so, and the others go on")
        func connections() async throws {
            var settings = Self.settings
            settings.limits = ["connections": "16"]
            try await Daemon.run(settings) { daemon in
                let request = "GET /client HTTP/1.1\r\nHost: x\r\n\r\n"
                let kept = try (0..<16).map { _ in try RawConnection(port: daemon.port) }
                for connection in kept {
                    try await connection.send(request)
                    try await connection.receive(until: "127.0.0.1")
                }
                let beyond = try RawConnection(port: daemon.port)
                try await beyond.receiveToEnd()
                #expect(beyond.statuses == [503])
                #expect(beyond.text.contains("\r\nRetry-After: 1\r\n"))
                for connection in kept {
                    connection.forget()
                    try await connection.send(request)
                    try await connection.receive(until: "127.0.0.1")
                }
                try await daemon.expect("connections_refused", becomes: 1)
                kept[0].close()
                try await eventually("there is room again") { try await daemon.curl("/client").output == "127.0.0.1" }
            }
        }

        @Test("two hundred clients that send a byte now and then are cut off, and hold nobody up")
        func slowClients() async throws {
            var settings = Self.settings
            for name in ["head", "body", "idle"] { settings.timeouts[name] = "\"1s\"" }
            try await Daemon.run(settings) { daemon in
                let head = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
                // Half of them never come to the end of the head, the others not to that of the body.
                let slow = try (0..<200).map { _ in try RawConnection(port: daemon.port) }
                for connection in slow.dropFirst(100) { try await connection.send(head) }
                let began = EventLoop.Instant.readClock()
                let trickle = Array((head + String(repeating: "x", count: 900)).utf8)
                let feeding = Task {
                    for byte in trickle {
                        for (index, connection) in slow.enumerated() {
                            try? connection.drain()
                            if connection.end == nil {
                                try? await connection.send(index < 100 ? [byte] : [0x78])
                            }
                        }
                        try await Task.sleep(for: .milliseconds(200))
                    }
                }
                defer { feeding.cancel() }
                var served = 0
                try await eventually("all of them are cut off", within: .seconds(40)) {
                    let asked = EventLoop.Instant.readClock()
                    let answer = try await daemon.curl("/client").output
                    #expect(answer == "127.0.0.1")
                    #expect(EventLoop.Instant.readClock() - asked < .seconds(5), "somebody else is held up")
                    served += 1
                    return slow.allSatisfy { $0.end != nil }
                }
                #expect(EventLoop.Instant.readClock() - began > .milliseconds(900), "they had their second")
                #expect(served > 10)
                for connection in slow { #expect(connection.statuses == [408], "\(connection.text)") }
                try await daemon.expect("timeouts", reaches: 200)
            }
        }
    }
}
