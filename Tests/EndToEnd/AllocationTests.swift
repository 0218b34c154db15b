import Glibc
import Testing

extension EndToEnd {
    @Suite("Allocations")
    struct Allocations {
        /// The count that `allocation-counter` keeps.
        private func count(_ file: String) throws -> UInt64 {
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            var count: UInt64 = 0
            guard pread(descriptor, &count, 8, 0) == 8 else { throw Failure("\(file) holds no count") }
            return count
        }

        @Test("a request on a connection that goes on allocates nothing", arguments: [1, 16])
        func none(pipelined: Int) async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let port = try FreePort.choose()
            let configuration = directory.file("martlet.toml")
            try TextFile.write(
                """
                [[listen]]
                address = "127.0.0.1:\(port)"
                [log]
                target = "stderr"
                [[route]]
                path = "/plaintext"
                text = "Hello, World!"
                """, to: configuration)
            let server = try Program(
                [try Binaries.path("martletd"), "run", "--foreground", "--config", configuration],
                environment: [
                    "LD_PRELOAD=\(try Binaries.path("liballocation-counter.so"))",
                    "ALLOCATION_COUNT=\(directory.file("count"))",
                ])
            defer { try? server.signal(SIGKILL) }
            var made: RawConnection?
            try await eventually("it serves; it wrote \(server.errors)") {
                do {
                    let connection = try RawConnection(port: port)
                    try await connection.send("GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n")
                    made = connection
                } catch is Failure {}  // it does not listen yet
                return made != nil
            }
            let client = try #require(made)
            try await client.receive(until: "Hello, World!")
            let request = String(repeating: "GET /plaintext HTTP/1.1\r\nHost: a\r\n\r\n", count: pipelined)
            func ask(_ times: Int) async throws {
                for _ in 0..<times {
                    let wanted = client.statuses.count + pipelined
                    try await client.send(request)
                    try await eventually("all is answered") {
                        try client.drain()
                        return client.statuses.count == wanted
                    }
                }
                #expect(client.statuses.allSatisfy { $0 == 200 })
                client.forget()
            }
            try await ask(20)
            var fewest = UInt64.max
            for _ in 0..<3 {
                let before = try count(directory.file("count"))
                #expect(before > 100, "the allocations of the start were not counted")
                try await ask(50)
                fewest = min(fewest, try count(directory.file("count")) - before)
            }
            #expect(fewest == 0, "of \(50 * pipelined) requests")
        }
    }
}
