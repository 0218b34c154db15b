import MartletLoop
import Testing

@testable import MartletServer

@Suite("Pipelining")
struct PipeliningTests {
    private func echo(_ router: Router) {
        router.get("/{n}") { $0.parameters["n"] ?? "?" }
        router.get("/slow/{n}") { request in
            await pause(.milliseconds(5))
            return "slow " + (request.parameters["n"] ?? "?")
        }
    }

    @Test("sixteen requests in one write are answered in order")
    func answersInOrder() async throws {
        try await withServer(routes: echo) { server in
            let client = try server.connect()
            try await client.send((0..<16).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<16 { #expect(try await client.answer().text == "\(number)") }
            try await server.expect(.requests, 16)
        }
    }

    @Test("a slow answer is not overtaken by a fast one")
    func keepsOrder() async throws {
        try await withServer(routes: echo) { server in
            let client = try server.connect()
            try await client.send(
                ["/slow/1", "/2", "/slow/3", "/4"].map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for expected in ["slow 1", "2", "slow 3", "4"] { #expect(try await client.answer().text == expected) }
        }
    }

    @Test("wherever the input is split, the answers are the same")
    func splitsAnywhere() async throws {
        try await withServer(routes: {
            echo($0)
            $0.post("/") { try await "\($0.body.collect())" }
        }) { server in
            let requests = Array(
                """
                GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
                POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
                POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: u\r\n\r\n\
                GET /2 HTTP/1.1\r\nHost: a\r\n\r\n
                """.utf8)
            let client = try server.connect()
            for split in 1..<requests.count {
                try await client.send(Array(requests[..<split]))
                await pause()
                try await client.send(Array(requests[split...]))
                for expected in ["1", "[97, 98, 99]", "[97, 98, 99]", "2"] {
                    #expect(try await client.answer().text == expected, "split at \(split)")
                }
            }
            try await server.expect(.connectionsAccepted, 1)
            #expect(server.count(.protocolErrors) == 0)
        }
    }

    @Test("requests that arrive byte by byte are served")
    func trickles() async throws {
        try await withServer(routes: {
            $0.post("/") { String(decoding: try await $0.body.collect(), as: UTF8.self) }
        }) { server in
            let client = try server.connect()
            let one = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            for byte in Array((one + one).utf8) {
                let before = server.count(.bytesReceived)
                try await client.send([byte])
                try await eventually("the byte has arrived") { server.count(.bytesReceived) > before }
            }
            for _ in 0..<2 { #expect(try await client.answer().text == "abc") }
        }
    }

    @Test("a client that pipelines without end takes its turns with others")
    func yields() async throws {
        var served = 0
        var longestRun = 0
        var isRunning = true
        func watch(_ before: Int) {
            longestRun = max(longestRun, served - before)
            if isRunning { EventLoop.main.callSoon { [served] in watch(served) } }
        }
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        try await withServer(
            on: "unix",
            routes: {
                $0.get("/") { _ in
                    served += 1
                    return "x"
                }
            }
        ) { server in
            let client = try server.connect()
            // All of it is in the kernel's buffer before the server looks for the first time.
            let sent = client.sendWhatFits(Array(String(repeating: request, count: 6000).utf8))
            try #require(sent > 2 * 65536)
            watch(0)
            let whole = sent / request.utf8.count
            for _ in 0..<whole { _ = try await client.answer() }
            #expect(served == whole)
            isRunning = false
        }
        #expect(longestRun < 1000, "so many requests were served before anything else got its turn")
    }
}
