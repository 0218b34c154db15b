import Glibc
import HTTPTypes
import MartletClient
import MartletLoop
import MartletNet
import MartletServer
import MartletTLS
import Testing

/// What the client makes of servers that others have written, and of Martlet, in the clear and over TLS.
@Suite("The client and real servers", .timeLimit(.minutes(5)))
struct InteropTests {
    nonisolated enum Peer: String, CaseIterable, Sendable {
        case node, aiohttp, nginx, martlet

        /// nginx by itself has no way to send back what it gets, nor to cut a response.
        var echoes: Bool { self != .nginx }
    }

    private nonisolated static var root: String {
        let here = String(#filePath)
        return String(here[..<(here.firstRange(of: "/Tests/MartletClientTests/")?.lowerBound ?? here.endIndex)])
    }

    @Test(
        "it keeps connections, streams both ways, follows, decompresses, and notices what is cut",
        arguments: Peer.allCases, [false, true])
    func serves(_ peer: Peer, _ isSecure: Bool) async throws {
        try await FileSystem.withTemporaryDirectory { directory in
            let identity = try TLSIdentity.selfSigned(names: ["127.0.0.1"])
            let files = isSecure ? ["\(directory)/certificate", "\(directory)/key"] : []
            if isSecure {
                try await File.write(identity.certificatesPEM, to: files[0])
                try await File.write(identity.privateKeyPEM, to: files[1], permissions: 0o600)
            }
            try await Self.serving(peer, directory, files, isSecure ? identity : nil) { port in
                let client = quickClient {
                    $0.timeouts.total = .seconds(30)
                    $0.tls.trust = .roots([identity.certificate])
                }
                try await check(client, "\(isSecure ? "https" : "http")://127.0.0.1:\(port)", echoes: peer.echoes)
                await client.shutdown()
                #expect(client.statistics.openConnections == 0)
            }
        }
    }

    private func check(_ client: HTTPClient, _ base: String, echoes: Bool) async throws {
        func url(_ path: String) throws -> HTTPURL { try HTTPURL(parsing: base + path) }
        for _ in 0..<20 { #expect(try await client.get(url("/hello")).text() == "hello") }
        #expect(client.statistics.connections == 1)
        let hello = try url("/hello")
        let texts = try await gather(0..<200, limit: 16) { _ in try await client.get(hello).text() }
        #expect(texts.allSatisfy { $0 == "hello" })
        #expect(client.statistics.connections <= 16)

        var size = 0
        for try await piece in try await client.get(url("/large")).body {
            #expect(piece == [UInt8](repeating: UInt8(ascii: "x"), count: piece.count))
            size += piece.count
        }
        #expect(size == 8 << 20)
        #expect(try await client.get(url("/gzip")).text() == String(repeating: "compressed ", count: 1000))
        let redirected = try await client.get(url("/redirect"))
        #expect(try await redirected.text() == "hello" && redirected.redirectCount == 1)
        #expect(try await client.get(url("/nothing")).code == 404)
        let head = try await client.head(url("/large"))
        #expect(head.code == 200)
        #expect(try await head.bytes().isEmpty)
        guard echoes else { return }

        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try await client.post(url("/echo"), body: .bytes(body)).bytes() == body)
        let pieces = HTTPClientRequestBody.stream { writer in
            for start in stride(from: 0, to: body.count, by: 50_000) {
                try await writer.write(Array(body[start..<min(start + 50_000, body.count)]))
            }
        }
        #expect(try await client.put(url("/echo"), body: pieces).bytes() == body)
        #expect(try await client.get(url("/close")).text() == "closed")
        let error = await failure { try await client.get(url("/cut")).bytes() }
        #expect(error?.code == .endedEarly || error?.code == .connectionLost, "\(String(describing: error))")
        #expect(try await client.get(hello).text() == "hello")
    }

    // MARK: The servers

    private static func serving(
        _ peer: Peer, _ directory: String, _ files: [String], _ identity: TLSIdentity?,
        _ body: @MainActor (UInt16) async throws -> Void
    ) async throws {
        switch peer {
        case .martlet: try await servingMartlet(identity, body)
        case .nginx: try await servingNginx(directory, files, body)
        case .node: try await serving(["node", "\(root)/Tests/Programs/servers/serve-node.js"] + files, body)
        case .aiohttp:
            try await serving(
                ["\(root)/.build/python/bin/python", "\(root)/Tests/Programs/servers/serve-aiohttp.py"] + files, body)
        }
    }

    private static func serving(_ words: [String], _ body: @MainActor (UInt16) async throws -> Void) async throws {
        try await withSubprocess(
            Subprocess.Command(words), standardOutput: .pipe, gracePeriod: .milliseconds(200)
        ) { process in
            let line = try await withTimeout(.seconds(20), for: "\(words[0])") {
                try await process.standardOutput.readLine()
            }
            try await body(#require(line.flatMap { UInt16($0) }))
        }
    }

    private static func servingNginx(
        _ directory: String, _ files: [String], _ body: @MainActor (UInt16) async throws -> Void
    ) async throws {
        // It says nothing of a port of the kernel's choice, so it gets a Unix socket, and a relay has the port.
        let socket = "\(directory)/nginx.sock"
        let tls = files.isEmpty ? "" : "ssl_certificate \(files[0]); ssl_certificate_key \(files[1]);"
        try await File.write(String(repeating: "x", count: 8 << 20), to: "\(directory)/large")
        try await File.write(String(repeating: "compressed ", count: 1000), to: "\(directory)/gzip")
        let places = ["body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0 == "body" ? "client_body" : $0)_temp_path \(directory)/\($0)_temp;"
        }
        try await File.write(
            """
            user root; pid \(directory)/pid; error_log stderr crit; daemon off;
            events {}
            http {
              access_log off; absolute_redirect off; keepalive_requests 100000; \(places.joined(separator: " "))
              gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
              server {
                listen unix:\(socket)\(files.isEmpty ? "" : " ssl"); \(tls)
                location = /hello { default_type text/plain; return 200 "hello"; }
                location = /redirect { return 302 /hello; }
                location = /large { root \(directory); gzip off; }
                location = /gzip { root \(directory); default_type text/plain; }
                location / { return 404; }
              }
            }
            """, to: "\(directory)/nginx.conf")
        let command = ["/usr/sbin/nginx", "-p", directory, "-c", "\(directory)/nginx.conf", "-e", "stderr"]
        try await withSubprocess(Subprocess.Command(command), gracePeriod: .seconds(2)) { _ in
            // The file is there before anybody listens.
            try await withTimeout(.seconds(20), for: "nginx to listen") {
                while true {
                    if let probe = try? await connect(to: .unix(socket)) { return probe.close() }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            let relay = try StreamServer(at: "127.0.0.1:0") { stream in
                let upstream = try await connect(to: .unix(socket))
                defer { upstream.close() }
                let back = Task {
                    for try await piece in upstream.chunks { try await stream.write(piece) }
                    stream.close()
                }
                defer { back.cancel() }
                for try await piece in stream.chunks { try await upstream.write(piece) }
            }
            try await body(#require(relay.address.port))
            await relay.close()
        }
    }

    private static func servingMartlet(
        _ identity: TLSIdentity?, _ body: @MainActor (UInt16) async throws -> Void
    ) async throws {
        let router = Router()
        router.use(Compression())
        router.get("/hello") { _ in "hello" }
        router.get("/large") { _ in [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20) }
        router.get("/gzip") { _ in String(repeating: "compressed ", count: 1000) }
        router.get("/redirect") { _ in Response.redirect(to: "/hello", status: .found) }
        let echo: @MainActor (Request) async throws -> Response = { request in
            let body = request.body
            return Response { writer in for try await piece in body { try await writer.write(piece) } }
        }
        router.post("/echo") { try await echo($0) }
        router.put("/echo") { try await echo($0) }
        router.get("/close") { _ in
            var response = Response(text: "closed")
            response.fields[.connection] = "close"
            return response
        }
        router.get("/cut") { _ in Response(length: 100) { try await $0.write("cut") } }
        let server = HTTPServer(router: router)
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        let context = try identity.map { identity in try TLSServerContext(TLSServerSettings(identities: [identity])) }
        try server.listen(on: socket, tls: context)
        defer { server.abort() }
        try await body(#require(socket.address.port))
    }
}
