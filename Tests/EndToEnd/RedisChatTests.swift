import Glibc
import MartletLoop
import RedisFixture
import Testing

extension EndToEnd {
    /// Two daemons and one Redis.
    @Suite("Channels across machines")
    struct RedisChat {
        /// A guest in a room, with a socket of its own.
        private struct Guest {
            let name: String
            let connection: RawConnection

            init(_ name: String, in room: String, at daemon: Daemon) async throws {
                self.name = name
                connection = try RawConnection(port: daemon.port)
                try await connection.send(
                    """
                    GET /rooms/\(room)/socket?name=\(name) HTTP/1.1\r
                    Host: \(daemon.address)\r
                    Connection: Upgrade\r
                    Upgrade: websocket\r
                    Sec-WebSocket-Version: 13\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    \r

                    """)
                try await connection.receive(until: "\r\n\r\n")
            }

            /// Says something of at most 125 bytes, masked with zeros.
            func say(_ text: String) async throws {
                try await connection.send([0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8))
            }

            func hears(_ text: String) async throws {
                try await connection.receive(until: text)
            }
        }

        private static func settings(_ server: RedisServer, binary: String = "redis-chat") -> DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = binary
            settings.environment = ["REDIS_URL=\(server.url)"]
            return settings
        }

        private func guests(of room: String, at daemon: Daemon) async throws -> String {
            try await Program.run(["curl", "--silent", "http://\(daemon.address)/rooms/\(room)/guests"]).output
        }

        @Test("guests of two daemons hear and see each other, and one daemon that is killed takes its own along")
        func chat() async throws {
            try await RedisServer.with { server in
                try await Daemon.run(Self.settings(server)) { first in
                    let ada = try await Guest("Ada", in: "lobby", at: first)
                    try await Daemon.run(Self.settings(server)) { second in
                        let bob = try await Guest("Bob", in: "lobby", at: second)
                        for daemon in [first, second] {
                            try await eventually("both are seen at \(daemon.address)", within: .seconds(30)) {
                                try await guests(of: "lobby", at: daemon) == "Ada\nBob\n"
                            }
                        }
                        try await ada.say("hello from one")
                        for guest in [ada, bob] { try await guest.hears("Ada: hello from one") }
                        try await bob.say("hello from two")
                        for guest in [ada, bob] { try await guest.hears("Bob: hello from two") }
                        // While Redis is away, each is a chat of its own; afterwards they are one again.
                        await server.kill()
                        try await ada.say("anybody here")
                        try await ada.hears("Ada: anybody here")
                        try await server.start()
                        for daemon in [first, second] {
                            try await eventually("both are seen again at \(daemon.address)", within: .seconds(60)) {
                                try await guests(of: "lobby", at: daemon) == "Ada\nBob\n"
                            }
                        }
                        var count = 0
                        try await eventually("Bob hears Ada again", within: .seconds(60)) {
                            count += 1
                            try await ada.say("again \(count)")
                            try bob.connection.drain()
                            return String(decoding: bob.connection.received, as: UTF8.self).contains("Ada: again")
                        }
                        // As when the machine loses its power.
                        for pid in second.processes { kill(pid, SIGKILL) }
                        _ = try await second.program.finish()
                    }
                    try await eventually("Bob is gone", within: .seconds(30)) {
                        try await guests(of: "lobby", at: first) == "Ada\n"
                    }
                }
            }
        }

        @Test("martletd does it without code")
        func configuration() async throws {
            try await RedisServer.with { server in
                var settings = Self.settings(server, binary: "martletd")
                settings.routes = """
                    [[route]]
                    path = "/rooms/{room}/socket"
                    websocket = "channel"
                    channel = "room/{room}"

                    [channels]
                    redis = "\(server.url)"
                    heartbeat = "500ms"
                    """
                try await Daemon.run(settings) { first in
                    try await Daemon.run(settings) { second in
                        let ada = try await Guest("Ada", in: "a", at: first)
                        let bob = try await Guest("Bob", in: "a", at: second)
                        try await eventually("Bob hears Ada", within: .seconds(30)) {
                            try await ada.say("hello over there")
                            try bob.connection.drain()
                            return String(decoding: bob.connection.received, as: UTF8.self).contains("hello over there")
                        }
                    }
                }
            }
        }
    }
}
