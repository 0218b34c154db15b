import Testing

extension EndToEnd {
    /// What happens on a connection, byte by byte.
    @Suite("Connections")
    struct Connections {
        private static var settings: DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = "web-program"
            settings.workers = 1
            return settings
        }

        /// A figure of the handlers that wait.
        private func handlers(_ name: String, _ daemon: Daemon) async throws -> Double? {
            try JSONValue(parsing: try await daemon.curl("/waiting").output)[name]?.number
        }

        @Test("a client that has said that it sends no more gets its slow answer")
        func halfClosed() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.finishSending()
                try await eventually("the handler waits") { try await handlers("waiting", daemon) == 1 }
                _ = try await daemon.curl("/release", "-X", "POST")
                try await connection.receive(until: "waited")
                try await connection.receiveToEnd()
                #expect(connection.statuses == [200])
                #expect(try await handlers("cancelled", daemon) == 0)
            }
        }

        @Test("a client that is killed has its handlers cancelled, the waiting and the streaming one")
        func killedClients() async throws {
            try await Daemon.run(Self.settings) { daemon in
                for (index, path) in ["/wait", "/endless"].enumerated() {
                    let client = try Program(["curl", "-sSN", "--max-time", "20", "http://\(daemon.address)\(path)"])
                    try await eventually("\(path) waits") { try await handlers("waiting", daemon) == 1 }
                    try client.signal(9)
                    _ = try await client.finish()
                    try await eventually("\(path) is cancelled") {
                        try await handlers("cancelled", daemon) == Double(index + 1)
                    }
                    #expect(try await handlers("waiting", daemon) == 0)
                }
                try await eventually("both are counted") { try await daemon.total("clients_gone") == 2 }
                #expect(try await daemon.total("handler_errors") == 0)
            }
        }

        @Test("a body that is too large is refused while it comes, and the client can read why")
        func lingering() async throws {
            var settings = Self.settings
            settings.limits = ["body": "\"64KiB\""]
            try await Daemon.run(settings) { daemon in
                let megabyte = [UInt8](repeating: 0x61, count: 1 << 20)
                for path in ["/body", "/ignore"] {
                    let connection = try RawConnection(port: daemon.port)
                    let length = 8 * megabyte.count
                    try await connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
                    // More than any buffer between the two holds, before anything is read.
                    for _ in 0..<8 { try await connection.send(megabyte) }
                    connection.finishSending()
                    #expect(try await connection.receiveToEnd() == .closed, "\(path) is reset")
                    #expect(connection.statuses == [413], "\(path): \(connection.text)")
                }
                let chunked = try await Program.run([
                    "sh", "-c",
                    "head -c 4000000 /dev/zero | curl -sS --max-time 10 -X POST -T - -o /dev/null -w '%{http_code}' \"$0\"",
                    "http://\(daemon.address)/body",
                ])
                #expect(chunked.output == "413", "\(chunked)")
                try await daemon.expect("bodies_too_large", becomes: 3)
            }
        }

        @Test("trailers come with the body and go with the answer, to a client that wants them")
        func trailers() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send(
                    "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                        + "5;a=b\r\nhello\r\n0\r\nX-Sum: 532\r\nContent-Length: 9\r\n\r\n")
                try await connection.receive(until: "{\"count\":5,\"trailer\":\"532\"}")
                connection.forget()
                try await connection.send("GET /stream HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
                try await connection.receive(until: "\r\n0\r\nX-Pieces: 3\r\n\r\n")
                connection.forget()
                try await connection.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                try await connection.receive(until: "piece 2\n\r\n0\r\n\r\n")
            }
        }

        @Test("early hints come before the answer, and not to a client of HTTP/1.0")
        func earlyHints() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let hinted = try await daemon.curl("/hints", "-v")
                #expect(hinted.output == "hinted")
                #expect(hinted.errors.contains("< HTTP/1.1 103 Early Hints\r\n< Link: </style.css>; rel=preload"))
                #expect(try await !daemon.curl("/hints", "-v", "--http1.0").errors.contains(" 103 "))
            }
        }

        @Test("a connection that is upgraded speaks what was agreed, and one that does not ask is told how")
        func upgrade() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                // The first line comes with the request: it belongs to the new protocol.
                try await connection.send(
                    "GET /lines HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\nabc\n")
                try await connection.receive(until: "cba\n")
                #expect(connection.text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                try await connection.send("GET / HTTP/1.1\n")
                try await connection.receive(until: "1.1/PTTH / TEG\n")
                connection.finishSending()
                try await connection.receiveToEnd()
                let plain = try await daemon.curl("/lines", "-i").output
                #expect(plain.contains(" 426 ") && plain.contains("\r\nUpgrade: lines\r\n"), "\(plain)")
            }
        }

        @Test("a client of HTTP/1.0 may keep its connection, and gets what has no length until the end")
        func oldClients() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let connection = try RawConnection(port: daemon.port)
                try await connection.send("GET /client HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                try await connection.receive(until: "127.0.0.1")
                #expect(connection.text.contains("\r\nConnection: keep-alive\r\n"), "\(connection.text)")
                try await connection.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                try await connection.receiveToEnd()
                #expect(connection.text.hasSuffix("\r\n\r\npiece 0\npiece 1\npiece 2\n"))
            }
        }
    }
}
