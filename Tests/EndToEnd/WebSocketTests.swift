import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    /// WebSockets of real clients, over what happens to processes meanwhile.
    @Suite("WebSockets")
    struct WebSockets {
        private static func settings(_ binary: String, workers: Int = 2) -> DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = binary
            settings.workers = workers
            return settings
        }

        @Test("the client of websockets gets along, and show stat counts what it does")
        func websockets() async throws {
            try await Daemon.run(Self.settings("web-program")) { daemon in
                let result = try await TestScript.runClient("with-websockets", "ws://\(daemon.address)")
                #expect(result.status == .exited(0), "\(result)")
                try await eventually("none is left") { try await daemon.total("websockets_active") == 0 }
                let shown = try await daemon.control("show", "stat").output
                let least = [
                    "websockets_opened": 240, "websocket_messages_received": 1_000, "websocket_messages_sent": 1_000,
                    "websocket_payload_received": 20 << 20, "websockets_closed_normally": 232,
                    "websockets_closed_for_errors": 1, "websockets_closed_otherwise": 7,
                ]
                for (name, count) in least {
                    try await daemon.expect(name, reaches: Double(count))
                    #expect(shown.contains(name), "show stat has no \(name)")
                }
                #expect(try await daemon.total("websockets_lost") == 0)
                #expect(try await daemon.total("handler_errors") == 1, "that of the route that fails")
            }
        }

        @Test("aiohttp's client gets along with the example websocket-echo")
        func aiohttp() async throws {
            try await Daemon.run(Self.settings("websocket-echo")) { daemon in
                let result = try await TestScript.runClient("with-aiohttp-websocket", "http://\(daemon.address)/echo")
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("each message, byte and end is counted once")
        func statistics() async throws {
            try await Daemon.run(Self.settings("web-program")) { daemon in
                let socket = try await open("/socket/echo", daemon)
                // "hi", masked with zeros, and back without a mask.
                try await socket.send([0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8))
                try await socket.receive(until: "\u{2}hi")
                try await daemon.expect("websockets_active", becomes: 1)
                // A close frame with 1000.
                try await socket.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])
                #expect(try await socket.receiveToEnd() == .closed)
                #expect(socket.received.suffix(4) == [0x88, 0x02, 0x03, 0xE8])
                let lost = try await open("/socket/handler", daemon)
                lost.close()
                let expected = [
                    "websockets_opened": 2, "websockets_active": 0, "websocket_messages_received": 1,
                    "websocket_messages_sent": 1, "websocket_payload_received": 2, "websocket_payload_sent": 2,
                    "websocket_bytes_received": 16, "websocket_bytes_sent": 8, "websockets_closed_normally": 1,
                    "websockets_lost": 1,
                ]
                for (name, count) in expected {
                    var total = 0.0
                    try await eventually("\(name) is \(count); it is \(total)") {
                        total = try await daemon.total(name)
                        return total == Double(count)
                    }
                }
            }
        }

        @Test("a daemon that ends closes its WebSockets with 1001")
        func drain() async throws {
            try await Daemon.run(Self.settings("web-program")) { daemon in
                let holder = try await hold(40, "/socket/echo", daemon)
                try daemon.program.signal(SIGTERM)
                let result = try await holder.finish(within: .seconds(60))
                #expect(result.status == .exited(0), "\(result)")
                #expect(result.output.split(separator: "\n").dropFirst().allSatisfy { $0 == "1001" }, "\(result)")
                let end = try await daemon.program.finish(within: .seconds(20))
                #expect(end.status == .exited(0), "\(end)")
            }
        }

        @Test("a second signal ends WebSockets that nobody closes")
        func secondSignal() async throws {
            try await Daemon.run(Self.settings("web-program")) { daemon in
                // It neither answers the close frame nor closes.
                let socket = try await open("/socket/echo", daemon)
                try daemon.program.signal(SIGTERM)
                try await socket.receive(until: "the server is going away")
                #expect(daemon.program.isRunning)
                try daemon.program.signal(SIGTERM)
                let end = try await daemon.program.finish(within: .seconds(15))
                #expect(end.status == .exited(0), "\(end)")
            }
        }

        @Test("at a reload old WebSockets are closed with 1001 while new ones are opened", arguments: [1, 3])
        func reload(times: Int) async throws {
            try await Daemon.run(Self.settings("web-program")) { daemon in
                for round in 1...times {
                    let holder = try await hold(40, "/socket/\(round % 2 == 0 ? "handler" : "echo")", daemon)
                    try await daemon.mustControl("reload")
                    let fresh = try await open("/socket/echo", daemon)
                    try await fresh.send([0x81, 0x82, 0, 0, 0, 0] + Array("hi".utf8))
                    try await fresh.receive(until: "\u{2}hi")
                    let result = try await holder.finish(within: .seconds(20))
                    #expect(result.status == .exited(0), "\(result)")
                    #expect(result.output.split(separator: "\n").dropFirst().allSatisfy { $0 == "1001" }, "\(result)")
                    try await daemon.settle(on: 2)
                    try fresh.drain()
                    #expect(fresh.end == nil, "it belongs to the new generation")
                    fresh.close()
                }
                try await daemon.expect("websockets_opened", becomes: Double(times * 41))
            }
        }

        @Test("guests of a chat on different workers hear and see each other")
        func chat() async throws {
            try await Daemon.run(Self.settings("chat-web")) { daemon in
                let result = try await TestScript.runClient("with-chat", daemon.address)
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("two windows of a browser talk to each other, and go on after a reload")
        func chatPage() async throws {
            try await Daemon.run(Self.settings("chat-web")) { daemon in
                let browser = try TestScript.startClient("with-browser", ["chat", daemon.address])
                try await eventually("both talk; it wrote: \(browser.errors)", within: .seconds(60)) {
                    if !browser.isRunning { throw Failure("the browser has ended: \(browser.errors)") }
                    return browser.output.contains("talking")
                }
                try await daemon.mustControl("reload")
                let result = try await browser.finish(within: .seconds(60))
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("the ticker's page shows prices that change")
        func tickerPage() async throws {
            try await Daemon.run(Self.settings("ticker")) { daemon in
                let result = try await TestScript.runClient("with-browser", "ticker", daemon.address)
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("our own client gets along with the servers of websockets and aiohttp")
        func client() async throws {
            let servers = try TestScript.startClient("serve-websockets", [])
            var urls: [Substring] = []
            try await eventually("both serve; it wrote: \(servers.errors)") {
                if !servers.isRunning { throw Failure("the servers have ended: \(servers.errors)") }
                urls = servers.output.split(separator: "\n")
                return urls.count == 2
            }
            for url in urls {
                let result = try await Program.run(
                    [try Binaries.path("websocket-client"), "check", String(url)], within: .seconds(60))
                #expect(result.status == .exited(0), "\(result)")
            }
            try servers.signal(SIGKILL)
            _ = try await servers.finish()
        }

        /// A WebSocket with nothing between the test and the bytes, from which the server's answer is taken.
        private func open(_ path: String, _ daemon: Daemon) async throws -> RawConnection {
            let connection = try RawConnection(port: daemon.port)
            try await connection.send(
                """
                GET \(path) HTTP/1.1\r
                Host: \(daemon.address)\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r\n
                """)
            try await connection.receive(until: "\r\n\r\n")
            guard connection.statuses == [101] else { throw Failure("no WebSocket: \(connection.text)") }
            #expect(connection.text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            connection.forget()
            return connection
        }

        /// A client whose WebSockets are all open, and busy.
        private func hold(_ count: Int, _ path: String, _ daemon: Daemon) async throws -> Program {
            let before = try await daemon.total("websockets_opened")
            let holder = try TestScript.startClient("hold-websockets", ["ws://\(daemon.address)\(path)", "\(count)"])
            try await eventually("\(count) are open; it wrote: \(holder.errors)") {
                if !holder.isRunning { throw Failure("the client has ended: \(holder.errors)") }
                return holder.output.hasPrefix("open")
            }
            try await daemon.expect("websockets_opened", becomes: before + Double(count))
            return holder
        }
    }
}
