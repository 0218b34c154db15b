import Testing

extension EndToEnd {
    /// What clients that others have written make of the server, and it of them.
    @Suite("Real clients")
    struct Clients {
        private static var settings: DaemonSettings {
            var settings = DaemonSettings()
            settings.binary = "web-program"
            // So that the next request finds the handlers that the last one met.
            settings.workers = 1
            return settings
        }

        private static let document = String(repeating: "0123456789", count: 1000)

        @Test("aiohttp keeps its connection, uploads, gets what was compressed, and cancels what it gives up")
        func aiohttp() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let result = try await TestScript.runClient("with-aiohttp", "http://\(daemon.address)")
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("httpx reads events, speaks JSON and forms, authenticates, and asks on conditions")
        func httpx() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let result = try await TestScript.runClient("with-httpx", "http://\(daemon.address)")
                #expect(result.status == .exited(0), "\(result)")
            }
        }

        @Test("a proxy tells the client's address, in both versions of its protocol")
        func proxy() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            var settings = Self.settings
            settings.proxyAddresses = ["unix:\(directory.file("proxied.sock"))"]
            try await Daemon.run(settings) { daemon in
                let result = try await TestScript.runClient("with-proxy", directory.file("proxied.sock"))
                #expect(result.status == .exited(0), "\(result)")
                #expect(try await daemon.curl("/client").output == "127.0.0.1")
            }
        }

        @Test("curl gets one connection for many requests, and one for each in HTTP/1.0")
        func connections() async throws {
            try await Daemon.run(Self.settings) { daemon in
                let url = "http://\(daemon.address)/client"
                let format = ["-w", "\n%{http_version} %{num_connects}\n"]
                let kept = try await Program.run(["curl", "-sS", "--max-time", "10"] + format + [url, url, url])
                let line = { (connects: Int) in "127.0.0.1\n1.1 \(connects)\n" }
                #expect(kept.output == line(1) + line(0) + line(0))
                let old = try await Program.run(
                    ["curl", "-sS", "--max-time", "10", "--http1.0"] + format + [url, url])
                #expect(old.output.hasSuffix(" 1\n"), "\(old)")
                #expect(try await daemon.curl("/stream", "--http1.0").output == "piece 0\npiece 1\npiece 2\n")
                let head = try await daemon.curl("/stream", "--http1.0", "-D", "-", "-o", "/dev/null").output
                #expect(head.contains("\r\nConnection: close\r\n") && !head.contains("Transfer-Encoding"), "\(head)")
            }
        }

        @Test("curl sends chunks, waits for 100 Continue, and uploads a form with files")
        func uploads() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try TextFile.write(Self.document, to: directory.file("document.txt"))
            try await Daemon.run(Self.settings) { daemon in
                let file = directory.file("document.txt")
                let chunked = try await daemon.curl(
                    "/body", "-X", "POST", "-T", file, "-H", "Transfer-Encoding: chunked")
                #expect(chunked.output == "{\"count\":10000}", "\(chunked)")
                let before = try await daemon.total("responses_1xx")
                let patient = try await daemon.curl(
                    "/body", "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "8", "--data-binary", "@\(file)"
                )
                #expect(patient.output == "{\"count\":10000,\"expected\":10000}", "\(patient)")
                #expect(patient.errors.contains("< HTTP/1.1 100 Continue"), "\(patient)")
                try await daemon.expect("responses_1xx", becomes: before + 1)
                let form = try await daemon.curl(
                    "/upload", "-F", "title=a \"b\"", "-F", "file=@\(file);filename=x y.txt")
                let files = "\"files\":[\"file x y.txt 10000 "
                #expect(form.output.contains("\"title=a \\\"b\\\"\"") && form.output.contains(files), "\(form)")
            }
        }

        @Test("curl sends what gzip has compressed, and a bomb is refused, counted, and soon over")
        func encodedUploads() async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try TextFile.write(Self.document, to: directory.file("document.txt"))
            let pack = "gzip -c document.txt > once.gz && gzip -c once.gz > twice.gz"
            let bomb = "head -c 100000000 /dev/zero | gzip -c > bomb.gz"
            let packed = try await Program.run(["sh", "-c", "cd '\(directory.path)' && \(pack) && \(bomb)"])
            #expect(packed.status == .exited(0), "\(packed)")
            try await Daemon.run(Self.settings) { daemon in
                func post(_ file: String, _ codings: String) async throws -> Program.Result {
                    try await daemon.curl(
                        "/body", "-H", "Content-Encoding: \(codings)", "--data-binary", "@\(directory.file(file))",
                        "-w",
                        " %{http_code}")
                }
                #expect(try await post("once.gz", "gzip").output == "{\"count\":10000} 200")
                #expect(try await post("twice.gz", "gzip, gzip").output == "{\"count\":10000} 200")
                #expect(try await post("document.txt", "gzip").output.hasSuffix(" 400"))
                #expect(try await post("document.txt", "compress").output.hasSuffix(" 415"))
                #expect(try await post("bomb.gz", "gzip").output.hasSuffix(" 413"))
                try await daemon.expect("compression_bombs", becomes: 1)
                try await daemon.expect("bodies_too_large", becomes: 1)
                try await daemon.expect("bodies_decoded", becomes: 4)
                #expect(try await daemon.control("show", "stat").output.contains("compression_bombs"))
                #expect(
                    try await daemon.control("show", "metrics").output.contains("martlet_compression_bombs_total"))
            }
        }

        @Test("curl gets one part or several, and is told where there is none")
        func ranges() async throws {
            try await Daemon.run(Self.settings) { daemon in
                #expect(try await daemon.curl("/document").output == Self.document)
                #expect(try await daemon.curl("/document", "-r", "0-3").output == "0123")
                #expect(try await daemon.curl("/document", "-r", "-3").output == "789")
                #expect(try await daemon.curl("/document", "-r", "9995-20000").output == "56789")
                let several = try await daemon.curl("/document", "-i", "-r", "0-1,5000-5002").output
                #expect(several.contains(" 206 ") && several.contains("multipart/byteranges; boundary="))
                #expect(several.contains("\r\nContent-Range: bytes 0-1/10000\r\n\r\n01\r\n"), "\(several)")
                #expect(several.contains("\r\nContent-Range: bytes 5000-5002/10000\r\n\r\n012\r\n"), "\(several)")
                let none = try await daemon.curl("/document", "-i", "-r", "10000-").output
                #expect(none.contains(" 416 ") && none.contains("\r\nContent-Range: bytes */10000\r\n"), "\(none)")
            }
        }

        @Test("curl gets less where it can decompress, and nothing where it has it already")
        func savings() async throws {
            try await Daemon.run(Self.settings) { daemon in
                for coding in ["br", "gzip", "deflate"] {
                    for path in ["/compressed", "/compressed-stream"] {
                        let plain = try await daemon.curl(path).output
                        let sizes = ["-H", "Accept-Encoding: \(coding)", "--compressed"]
                        let unpacked = try await Program.run(
                            ["curl", "-sS", "--max-time", "10"] + sizes + ["http://\(daemon.address)\(path)"])
                        #expect(unpacked.output == plain, "\(coding) \(path)")
                        let size = try await daemon.curl(
                            path, "-H", "Accept-Encoding: \(coding)", "-o", "/dev/null", "-w",
                            "%{size_download} %header{content-encoding}")
                        let parts = size.output.split(separator: " ")
                        #expect(parts.last == Substring(coding) && Int(parts[0]) ?? .max < plain.utf8.count, "\(size)")
                    }
                }
                #expect(try await daemon.curl("/compressed", "-H", "Accept-Encoding: br;q=0").output == Self.document)
                let fresh = try await daemon.curl("/document", "-i", "-H", "If-None-Match: \"v1\"").output
                #expect(fresh.hasPrefix("HTTP/1.1 304 ") && fresh.hasSuffix("\r\n\r\n"), "\(fresh)")
                let stale = try await daemon.curl("/document", "-i", "-H", "If-None-Match: \"v0\"").output
                #expect(stale.hasPrefix("HTTP/1.1 200 ") && stale.hasSuffix(Self.document))
            }
        }
    }
}
