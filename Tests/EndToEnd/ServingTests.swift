import Glibc
import MartletLoop
import Testing

extension EndToEnd {
    @Suite("Serving")
    struct Serving {
        @Test("curl gets the greeting, and the answers of HTTP to what is not there")
        func greeting() async throws {
            try await Daemon.run { daemon in
                let hello = try await daemon.curl("/World")
                #expect(hello.status == .exited(0))
                #expect(hello.output == "Hello, World")

                let head = try await daemon.curl("/World", "--head")
                #expect(head.output.hasPrefix("HTTP/1.1 200 "))
                let missing = try await daemon.curl("/no/such/place", "-o", "/dev/null", "-w", "%{http_code}")
                #expect(missing.output == "404")
                let wrongMethod = try await daemon.curl("/World", "-i", "-X", "DELETE")
                #expect(wrongMethod.output.hasPrefix("HTTP/1.1 405 "))
                #expect(wrongMethod.output.lowercased().contains("\r\nallow: "))
            }
        }

        @Test("it also serves on a Unix socket")
        func unixSocket() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            var settings = DaemonSettings()
            settings.furtherAddresses = ["unix:\(directory.file("web.sock"))"]
            try await Daemon.run(settings) { daemon in
                let hello = try await Program.run(
                    ["curl", "-sS", "--unix-socket", directory.file("web.sock"), "http://martlet/World"])
                #expect(hello.output == "Hello, World")
                #expect(try await daemon.curl("/World").output == "Hello, World")
            }
        }

        @Test("show workers lists one ready worker for each slot, in text and in JSON")
        func workers() async throws {
            try await Daemon.run { daemon in
                let rows = try await daemon.workers()
                #expect(rows.map(\.slot) == [0, 1])
                #expect(rows.map(\.pid).sorted() == daemon.workerProcesses)
                #expect(rows.allSatisfy { $0.state == "ready" })
                let text = try await daemon.control("show", "workers")
                #expect(text.status == .exited(0))
                for row in rows { #expect(text.output.contains("\(row.pid)")) }
            }
        }

        @Test("a line of text on the control socket gets text that ends with an empty line")
        func textProtocol() async throws {
            try await Daemon.run { daemon in
                for command in ["help", "show info", "show workers", "show stat", "show errors", "no such command"] {
                    let script = "echo '\(command)' | socat -t5 - UNIX-CONNECT:\(daemon.controlSocket)"
                    let answer = try await Program.run(["sh", "-c", script])
                    #expect(answer.status == .exited(0), "\(command): \(answer)")
                    #expect(answer.output.hasSuffix("\n\n"), "\(command): \(answer.output.debugDescription)")
                    #expect(answer.output.count > 2, "\(command)")
                }
            }
        }

        @Test("a GET on the control socket changes nothing, a POST does")
        func controlMethods() async throws {
            try await Daemon.run { daemon in
                let code = [
                    "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", daemon.controlSocket,
                ]
                let before = try await daemon.workers().map(\.pid)
                let get = try await Program.run(code + ["http://martlet/v1/reload"])
                #expect(get.output == "405")
                #expect(try await daemon.workers().map(\.pid) == before)
                let post = try await Program.run(code + ["-X", "POST", "http://martlet/v1/reload?wait=1"])
                #expect(post.output == "200")
                try await daemon.settle(on: 2)
                #expect(Set(daemon.workerProcesses).isDisjoint(with: before))
            }
        }

        @Test("every process has one thread, before and after it has served")
        func oneThread() async throws {
            try await Daemon.run { daemon in
                #expect(try await daemon.curl("/World").output == "Hello, World")
                let load = try Load(on: daemon)
                try await eventually("a thousand requests are served") { try await daemon.total("requests") > 1000 }
                for pid in daemon.processes { #expect(ProcessTable.threads(of: pid) == 1) }
                _ = try await load.finish()
                for pid in daemon.processes { #expect(ProcessTable.threads(of: pid) == 1) }
            }
        }

        // All workers share some 20 MB of it: 13 are the program's own, which has TLS, a client and downloads in it, 4 libcrypto's.
        @Test("an idle worker stays within 24 MB, 4 MB of them its own")
        func memory() async throws {
            try await Daemon.run { daemon in
                #expect(try await daemon.curl("/World").output == "Hello, World")
                for pid in daemon.workerProcesses {
                    let memory = try #require(ProcessTable.memory(of: pid))
                    #expect(memory.resident <= 24 * 1024, "resident KiB of a worker")
                    #expect(memory.private <= 4 * 1024, "private KiB of a worker")
                }
            }
        }

        @Test("requests on one connection are answered in order, however they arrive")
        func pipelining() async throws {
            try await Daemon.run { daemon in
                let connection = try RawConnection(port: daemon.port)
                let names = (0..<20).map { "n\($0)" }
                let requests = names.map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
                for byte in requests.utf8.prefix(100) { try await connection.send([byte]) }
                try await connection.send(Array(requests.utf8.dropFirst(100)))
                try await connection.receive(until: "Hello, n19")
                #expect(connection.statuses == Array(repeating: 200, count: 20))
                var rest = connection.text[...]
                for name in names {
                    let place = try #require(rest.firstRange(of: "Hello, \(name)"))
                    rest = rest[place.upperBound...]
                }
            }
        }
    }
}
