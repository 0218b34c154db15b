import Glibc
import MartletNet
import MartletServer
import Testing

@testable import Martlet

@Suite("Reading a configuration")
nonisolated struct ConfigurationFileTests {
    @Test("an empty file means the defaults, and the default control socket")
    func empty() throws {
        var expected = Configuration()
        expected.control = "/run/test/control.sock"
        #expect(try ConfigurationText.parse("") == expected)
        #expect(try ConfigurationFile.load(path: nil, environment: ConfigurationText.environment) == expected)
    }

    @Test("every key takes effect")
    func everyKey() throws {
        let configuration = try ConfigurationText.parse(
            """
            workers = 3
            user = "nobody"
            control = "/c.sock"
            control_mode = "600"
            control_read_only = "/r.sock"
            pin_workers = true
            [[listen]]
            address = "[::1]:80"
            name = "web"
            backlog = 1
            defer_accept = "5s"
            no_delay = false
            keep_alive = "1m"
            keep_alive_interval = "2s"
            keep_alive_count = 9
            ipv6_only = false
            proxy_protocol = true
            [[listen]]
            address = "unix:/x.sock"
            mode = "0666"
            [limits]
            request_line = "1KiB"
            field_section = 4096
            fields = 10
            body = "2GiB"
            body_expansion = 30
            connections = 7
            requests = 8
            rate = "1KiB"
            [timeouts]
            head = "1ms"
            body = "2s"
            idle = "3m"
            write = "4h"
            start = "5s"
            stall = "6s"
            drain = "7s"
            drain_idle = "8s"
            [log]
            level = "trace"
            target = "/var/log/m.log"
            [channels]
            redis = "rediss://ann:secret@redis.example.org/2"
            prefix = "chat"
            heartbeat = "1s"
            [[route]]
            path = "/a/{b}"
            methods = ["GET", "POST"]
            text = '{"x": "{b}"}'
            status = 404
            content_type = "application/json"
            [[route]]
            path = "/chat/{room}"
            websocket = "channel"
            channel = "room/{room}"
            origins = ["https://example.org", "*"]
            message_size = "64KiB"
            compression = false
            [[route]]
            path = "/echo"
            websocket = "echo"
            """)
        var expected = Configuration()
        expected.user = "nobody"
        expected.workers = .fixed(3)
        expected.control = "/c.sock"
        expected.controlMode = 0o600
        expected.controlReadOnly = "/r.sock"
        expected.pinWorkers = true
        expected.listen = [.init(address: "[::1]:80"), .init(address: "unix:/x.sock")]
        expected.listen[0].name = "web"
        expected.listen[0].backlog = 1
        expected.listen[0].deferAccept = .seconds(5)
        expected.listen[0].noDelay = false
        expected.listen[0].keepAlive = .seconds(60)
        expected.listen[0].keepAliveInterval = .seconds(2)
        expected.listen[0].keepAliveCount = 9
        expected.listen[0].ipv6Only = false
        expected.listen[0].proxyProtocol = true
        expected.listen[1].mode = 0o666
        expected.limits.requestLine = ByteCount(1024)
        expected.limits.fieldSection = ByteCount(4096)
        expected.limits.fields = 10
        expected.limits.body = ByteCount(2 << 30)
        expected.limits.bodyExpansion = 30
        expected.limits.connections = 7
        expected.limits.requests = 8
        expected.limits.rate = ByteCount(1024)
        expected.timeouts.head = .milliseconds(1)
        expected.timeouts.body = .seconds(2)
        expected.timeouts.idle = .seconds(180)
        expected.timeouts.write = .seconds(14_400)
        expected.timeouts.start = .seconds(5)
        expected.timeouts.stall = .seconds(6)
        expected.timeouts.drain = .seconds(7)
        expected.timeouts.drainIdle = .seconds(8)
        expected.log.level = .trace
        expected.log.target = "/var/log/m.log"
        expected.channels.redis = "rediss://ann:secret@redis.example.org/2"
        expected.channels.prefix = "chat"
        expected.channels.heartbeat = .seconds(1)
        expected.routes = [.init(path: "/a/{b}")]
        expected.routes[0].methods = ["GET", "POST"]
        expected.routes[0].text = "{\"x\": \"{b}\"}"
        expected.routes[0].status = 404
        expected.routes[0].contentType = "application/json"
        expected.routes += [.init(path: "/chat/{room}"), .init(path: "/echo")]
        expected.routes[1].webSocket = .channel
        expected.routes[1].channel = "room/{room}"
        expected.routes[1].origins = ["https://example.org", "*"]
        expected.routes[1].messageSize = ByteCount(64 << 10)
        expected.routes[1].compression = false
        expected.routes[2].webSocket = .echo
        #expect(configuration == expected)
        #expect(try Configuration(json: configuration.json()) == configuration)
        #expect(try Configuration(json: Configuration().json()) == Configuration())
    }

    @Test(
        "what is wrong is named with its line and what to do",
        arguments: [
            ("wrokers = 2", "m.toml:1: unknown key \"wrokers\"; did you mean \"workers\"?"),
            ("zzz = 2", "m.toml:1: unknown key \"zzz\""),
            (
                "[log]\nworkers = 2",
                "m.toml:2: unknown key \"workers\" in [log]; it belongs to the top of the file, before the first [table]"
            ),
            ("\n[limts]\nfields = 1", "m.toml:2: unknown table [limts]; did you mean [limits]?"),
            ("[[lsten]]", "m.toml:1: unknown table [[lsten]]; did you mean [[listen]]?"),
            ("limits = 5", "m.toml:1: \"limits\": expected a table, found integer 5; write its keys under [limits]"),
            ("[[log]]", "m.toml:1: \"log\": expected a table, found an array; there is only one: write [log]"),
            (
                "[listen]\naddress = ':1'",
                "m.toml:1: \"listen\": expected an array of tables, found a table; write [[listen]]"
            ),
            ("listen = [\n 'x']", "m.toml:2: \"listen\": expected a table, found string \"x\"; write [[listen]]"),
            ("workers = ", "m.toml:1:11: expected a value, found the end of the file"),
            ("workers = auto", "m.toml:1:11: expected a value, found auto; write strings in quotes: \"auto\""),
            ("workers = 1\nworkers = 2", "m.toml:2:1: \"workers\" is defined already, in line 1"),
        ])
    func problem(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test("all problems are told at once, in the order of the file, twenty of them")
    func allAtOnce() {
        #expect(
            ConfigurationText.problems("[log]\nlevel = 1\n[timeouts]\nhead = 1\n[limits]\nfields = 0\nx = 1").map {
                $0.prefix(8)
            } == [
                "m.toml:2", "m.toml:4", "m.toml:6", "m.toml:7",
            ])
        let many = ConfigurationText.problems((0..<100).map { "unknown\($0) = 1" }.joined(separator: "\n"))
        #expect(many.count == 21)
        #expect(many.last == "and 80 more")
    }

    @Test("a file that cannot be read is named, with what to do")
    func unreadable() throws {
        func message(_ path: String) -> String {
            do throws(ConfigurationError) {
                _ = try ConfigurationFile.load(path: path, environment: [:])
                return "read"
            } catch {
                return error.description
            }
        }
        #expect(
            message("/nonexistent/m.toml")
                == "/nonexistent/m.toml: cannot read it: no such file or directory; name the file with --config")
        #expect(message("/tmp") == "/tmp: cannot read it: is a directory; name a file in it, such as /tmp/martlet.toml")
        #expect(message("/dev/zero") == "/dev/zero: cannot read it: it is not a regular file")

        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            close(descriptor)
            unlink(path)
        }
        #expect(write(descriptor, "a = 1\n# \u{E9}", 10) == 10)
        #expect(ftruncate(descriptor, 9) == 0)  // half of the é
        #expect(message(path) == "\(path):2: the text is not valid UTF-8; save the file as UTF-8")
        #expect(ftruncate(descriptor, off_t(ConfigurationFile.largest + 1)) == 0)
        #expect(message(path) == "\(path): cannot read it: it is larger than 1MiB")
    }

    @Test("the server's and the sockets' defaults are the file's")
    func sameDefaults() throws {
        #expect(Configuration().serverSettings == HTTPServerSettings())
        var options = Configuration.Listen(address: ":1").options
        #expect(options.keepAlive == nil)
        options.claimsAddress = ListenOptions().claimsAddress
        #expect(options == ListenOptions())
    }
}
