import Glibc
import MartletClient
import MartletDownloads
import MartletLoop
import Testing

@Suite struct DownloadTests {
    @Test("a file arrives whole, under the name in its URL, and nothing else is left") func whole() async throws {
        try await DownloadCase.run { fixture async throws in
            let file = try await fixture.fetch("/pub/a%20b.bin?x=1")
            #expect(file.path == fixture.directory + "/a b.bin" && file.size == 100_000 && file.received == 100_000)
            #expect(try await fixture.content("a b.bin") == fixture.server.content)
            #expect(try await fixture.names() == ["a b.bin"])
        }
    }

    @Test("an empty file, and one whose length nobody tells, arrive as well") func lengths() async throws {
        try await DownloadCase.run([]) { fixture async throws in
            #expect(try await fixture.fetch().size == 0)
        }
        try await DownloadCase.run { fixture async throws in
            fixture.server.usual.isChunked = true
            #expect(try await fixture.fetch().size == 100_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    @Test("a file whose connection breaks goes on where it was, from wherever that is")
    func resume() async throws {
        for cut in [0, 1, 511, 50_000, 99_999] {
            try await DownloadCase.run { fixture async throws in
                fixture.server.script = [.init(cut: cut)]
                #expect(try await fixture.fetch().received == 100_000)
                #expect(try await fixture.content() == fixture.server.content)
                let first = OriginServer.Request(target: "/file.bin")
                var second = first
                if cut > 0 {
                    second.range = "bytes=\(cut)-99999"
                    second.ifRange = "\"v1\""
                }
                #expect(fixture.server.requests == [first, second])
            }
        }
    }

    @Test("a second call goes on where the first was cancelled or failed") func nextCall() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.options.attempts = 1
            fixture.server.script = [.init(cut: 60_000)]
            #expect(await fixture.failure()?.code == .network)
            #expect(try await fixture.names().count == 2)
            let file = try await fixture.fetch()
            #expect(file.received == 40_000 && file.size == 100_000)
            #expect(try await fixture.content() == fixture.server.content)
            #expect(try await fixture.names() == ["file.bin"])
        }
    }

    @Test("a file without strong validators begins again") func weak() async throws {
        for (tag, modified, parts) in [
            ("W/\"v1\"", nil, "bytes"), (nil, nil, "bytes"), ("\"v1\"", nil, "none"),
        ] as [(String?, String?, String)] {
            try await DownloadCase.run { fixture async throws in
                fixture.server.tag = tag
                fixture.server.lastModified = modified
                fixture.server.acceptRanges = parts
                fixture.server.script = [.init(cut: 60_000)]
                #expect(try await fixture.fetch().received == 160_000)
                #expect(fixture.server.requests.map(\.range) == [nil, nil])
                #expect(try await fixture.content() == fixture.server.content)
            }
        }
    }

    @Test("a date that is a second older than the answer will do, and becomes that of the file") func date()
        async throws
    {
        try await DownloadCase.run { fixture async throws in
            fixture.server.tag = nil
            fixture.server.lastModified = "Sun, 06 Nov 1994 08:49:37 GMT"
            fixture.server.script = [.init(cut: 60_000)]
            #expect(try await fixture.fetch().received == 100_000)
            #expect(fixture.server.requests.last?.ifRange == fixture.server.lastModified)
            let status = try await FileSystem.status(of: fixture.directory + "/file.bin")
            #expect(status.modified == .seconds(784_111_777))
        }
    }

    @Test("a finished file is not written to when a run ended before it had removed the partial file's name")
    func linked() async throws {
        for tag in ["\"v1\"", "\"v2\""] {
            try await DownloadCase.run { fixture async throws in
                fixture.options.attempts = 1
                fixture.options.existing = .number
                fixture.server.script = [.init(cut: 60_000)]
                _ = await fixture.failure()
                let part = try #require(try await fixture.names().first { $0.hasSuffix(".part") })
                try #require(link("\(fixture.directory)/\(part)", "\(fixture.directory)/file.bin") == 0)
                fixture.server.tag = tag
                #expect(try await fixture.fetch().received == 100_000)
                #expect(try await fixture.content() == Array(fixture.server.content[..<60_000]))
                #expect(try await fixture.content("file-1.bin") == fixture.server.content)
                #expect(try await fixture.names() == ["file-1.bin", "file.bin"])
            }
        }
    }

    @Test("a file that changes meanwhile begins again, and is the new one as a whole") func changed() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.options.attempts = 1
            fixture.server.script = [.init(cut: 60_000)]
            _ = await fixture.failure()
            fixture.server.content = bytes(80_000, seed: 2)
            fixture.server.tag = "\"v2\""
            #expect(try await fixture.fetch().size == 80_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    @Test(
        "a server that answers wrongly when asked for a part is asked for the whole",
        arguments: [
            "bytes 0-39999/100000", "bytes 60000-99999/*", "bytes 60001-99999/100000", "bytes 60000-99999/200000",
            "nonsense", "bytes 99999-60000/100000",
        ])
    func lies(contentRange: String) async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.script = [.init(cut: 60_000), .init(contentRange: contentRange)]
            #expect(try await fixture.fetch().size == 100_000)
            #expect(try await fixture.content() == fixture.server.content)
            #expect(fixture.server.requests.map { $0.range != nil } == [false, true, false])
        }
    }

    @Test("a server that ignores Range is taken at its word: the body is the whole") func ignores() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.script = [.init(cut: 60_000), .init(takesRanges: false)]
            #expect(try await fixture.fetch().received == 160_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    @Test("a body that is shorter than it says is not a file") func short() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.usual.excess = 1
            fixture.server.tag = nil
            fixture.options.attempts = 2
            #expect(await fixture.failure()?.code == .network)
            #expect(try await fixture.names() == [])
        }
    }

    @Test("a part that is shorter than it says, and ends well, is not asked for for ever") func shortPart() async throws
    {
        try await DownloadCase.run { fixture async throws in
            fixture.server.script = [
                .init(cut: 60_000), .init(contentRange: "bytes 60000-99999/100000", cut: 10, isChunked: true),
            ]
            #expect(try await fixture.fetch().size == 100_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    @Test("what is busy is asked again, when it says so, and what is not there is not") func statuses() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.script = [.init(status: "503 Busy", fields: ["Retry-After: 0"]), .init(status: "429 Slow")]
            #expect(try await fixture.fetch().size == 100_000)
            #expect(fixture.server.requests.count == 3)
            fixture.server.script = [.init(status: "404 Not Found")]
            let missing = await fixture.failure("/other")
            #expect(missing?.status == 404 && missing?.reason == "the server answers with 404 Not Found")
            fixture.server.script = [.init(status: "503 Busy", fields: ["Retry-After: 86400"])]
            #expect(await fixture.failure("/other")?.status == 503)
            #expect(fixture.server.requests.count == 5)
        }
    }

    @Test("a file is compared with its checksum, in one go, when it goes on, and when it is there already")
    func checksum() async throws {
        let content = bytes(100_000)
        let right = try await Self.sum(content)
        try await DownloadCase.run(content) { fixture async throws in
            #expect(try await fixture.fetch(checksum: right).checksum == right)
            #expect(try await fixture.fetch(checksum: right).wasThere)
            try await File.write("damaged", to: fixture.directory + "/file.bin")
            fixture.server.script = [.init(cut: 60_000)]
            #expect(try await fixture.fetch(checksum: right).received == 100_000)
            #expect(try await fixture.content() == content)
        }
        try await DownloadCase.run(content) { fixture async throws in
            let wrong = try #require(Checksum(.sha256, String(repeating: "0", count: 64)))
            #expect(await fixture.failure(checksum: wrong)?.code == .checksum)
            #expect(try await fixture.names() == [])
        }
    }

    @Test("a server cannot have a file of its choice overwritten, whatever the checksum of that is")
    func serverNames() async throws {
        let content = bytes(100_000)
        let right = try await Self.sum(content)
        for isOldThere in [false, true] {
            try await DownloadCase.run(content) { fixture async throws in
                try await File.write("mine", to: fixture.directory + "/thesis.pdf")
                // The one that may be replaced must not lend its right to the one that may not.
                if isOldThere { try await File.write("damaged", to: fixture.directory + "/file.bin") }
                fixture.server.usual.fields = ["Content-Disposition: attachment; filename=\"thesis.pdf\""]
                let file = try await fixture.fetch(checksum: right)
                #expect(file.path == fixture.directory + "/thesis-1.pdf" && !file.wasThere)
                #expect(try await fixture.content("thesis.pdf") == Array("mine".utf8))
                #expect(try await fixture.content("thesis-1.pdf") == content)
            }
        }
    }

    @Test("segments that come side by side add up to the checksum of the whole") func segmentsChecksum() async throws {
        let content = bytes(3_000_000)
        let right = try await Self.sum(content)
        try await DownloadCase.run(content) { fixture async throws in
            fixture.options.segments = 4
            fixture.options.smallestSegment = 100_000
            #expect(try await fixture.fetch(checksum: right).checksum == right)
            #expect(fixture.server.most > 1)
        }
    }

    private static func sum(_ content: [UInt8]) async throws -> Checksum {
        try await FileSystem.withTemporaryDirectory { directory in
            try await File.write(content, to: directory + "/a")
            let process = popen("sha256sum \(directory)/a", "r")
            defer { pclose(process) }
            var line = [CChar](repeating: 0, count: 65)
            fgets(&line, 65, process)
            return try #require(
                Checksum(.sha256, String(decoding: line.prefix(64).map(UInt8.init(bitPattern:)), as: UTF8.self)))
        }
    }

    @Test(
        "a name that the server sends is taken, made harmless",
        arguments: [
            ("attachment; filename=\"report.pdf\"", "report.pdf"), ("attachment; filename=\"../../evil\"", "evil"),
            ("attachment; filename=\".profile\"", "profile"), ("inline", "file.bin"),
        ])
    func disposition(field: String, name: String) async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.usual.fields = ["Content-Disposition: \(field)"]
            #expect(try await fixture.fetch().path == fixture.directory + "/" + name)
            #expect(try await fixture.names() == [name])
        }
    }

    @Test("a file that is there under the name that the server gives stays, and nothing is left beside it")
    func existingServerName() async throws {
        try await DownloadCase.run { fixture async throws in
            try await File.write(fixture.server.content, to: fixture.directory + "/report.pdf")
            fixture.server.usual.fields = ["Content-Disposition: attachment; filename=\"report.pdf\""]
            #expect(try await fixture.fetch().wasThere)
            #expect(try await fixture.names() == ["report.pdf"])
        }
    }

    @Test("a file that is there stays, is replaced, gets company, or is an error") func existing() async throws {
        for (policy, names, size) in [
            (.keep, ["file.bin"], 3), (.replace, ["file.bin"], 100_000), (.number, ["file-1.bin", "file.bin"], 3),
            (.fail, ["file.bin"], 3),
        ] as [(DownloadOptions.Existing, [String], Int)] {
            try await DownloadCase.run { fixture async throws in
                try await File.write("old", to: fixture.directory + "/file.bin")
                fixture.options.existing = policy
                if policy == .fail {
                    #expect(await fixture.failure()?.code == .exists)
                } else {
                    #expect(try await fixture.fetch().wasThere == (policy == .keep))
                }
                #expect(try await fixture.names() == names)
                #expect(try await fixture.content().count == size)
            }
        }
    }

    @Test("a file larger than it may be, or than there is room for, is refused before it comes") func sizes()
        async throws
    {
        try await DownloadCase.run { fixture async throws in
            fixture.options.maximumSize = 99_999
            #expect(await fixture.failure()?.code == .tooLarge)
            fixture.server.usual.isChunked = true
            #expect(await fixture.failure()?.code == .tooLarge)
            fixture.server.usual.isChunked = false
            fixture.options.maximumSize = nil
            fixture.options.reservedSpace = .max
            #expect(await fixture.failure()?.code == .noSpace)
            #expect(try await fixture.names() == [])
        }
    }

    @Test("what is no URL, or a host that may not be asked, is an error of its own") func refused() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.options.allowsHost = { $0 == "127.0.0.1" }
            let results = await fixture.client.download(
                ["nonsense", "ftp://x/a", "http://localhost:1/a", "ws://127.0.0.1/a"], to: fixture.directory,
                options: fixture.options
            ).results()
            let codes = results.map { result -> DownloadError.Code? in
                guard case .failure(let error) = result else { return nil }
                return error.code
            }
            #expect(codes == [.invalidURL, .invalidURL, .refused, .invalidURL])
            // After a redirect, too.
            fixture.server.script = [.init(status: "302 Found", fields: ["Location: http://localhost:1/secret"])]
            #expect(await fixture.failure()?.code == .refused)
        }
    }

    @Test("redirects are followed, and credentials are not sent on to others") func redirects() async throws {
        try await DownloadCase.run { fixture async throws in
            let other = try OriginServer(bytes(1000))
            fixture.options.fields[.authorization] = "Bearer secret"
            fixture.server.script = [.init(status: "302 Found", fields: ["Location: /moved"])]
            #expect(try await fixture.fetch().size == 100_000)
            #expect(fixture.server.requests.map(\.authorization) == ["Bearer secret", "Bearer secret"])
            fixture.server.script = [.init(status: "307 Elsewhere", fields: ["Location: \(other.url("/x"))"])]
            #expect(try await fixture.fetch("/elsewhere").size == 1000)
            #expect(other.requests.map(\.authorization) == [nil])
            fixture.server.usual = .init(status: "302 Found", fields: ["Location: /again"])
            #expect(await fixture.failure("/round")?.code == .redirect)
            await other.close()
        }
    }

    @Test("what the client says it is goes to no other origin after a redirect, and does not come back")
    func clientCredentials() async throws {
        let changes: [@MainActor (inout HTTPClientSettings) -> Void] = [
            { $0.credentials = .bearer(.init("secret")!) }, { $0.fields[.authorization] = "Bearer secret" },
        ]
        for change in changes {
            try await DownloadCase.run { fixture async throws in
                let other = try OriginServer(bytes(1000))
                var settings = HTTPClientSettings()
                change(&settings)
                let client = HTTPClient(settings)
                fixture.server.script = [.init(status: "302 Found", fields: ["Location: \(other.url("/x"))"])]
                other.script = [.init(status: "302 Found", fields: ["Location: \(fixture.server.url("/back"))"])]
                let file = try await client.download(
                    DownloadItem(fixture.server.url("/a")), to: fixture.directory, options: fixture.options)
                #expect(file.size == 100_000)
                #expect(fixture.server.requests.map(\.authorization) == ["Bearer secret", nil])
                #expect(other.requests.map(\.authorization) == [nil])
                await client.shutdown()
                await other.close()
            }
        }
    }

    @Test("a redirect keeps the user and password of the URL, and may have spaces and letters of any kind in it")
    func location() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.server.script = [.init(status: "302 Found", fields: ["Location: /a b/\u{fc}"])]
            let url = "http://u:p@\(fixture.server.address)/file.bin"
            let file = try await fixture.client.download(
                DownloadItem(url), to: fixture.directory, options: fixture.options)
            #expect(file.size == 100_000)
            #expect(fixture.server.requests.map(\.target) == ["/file.bin", "/a%20b/%C3%BC"])
            #expect(fixture.server.requests.map(\.authorization) == ["Basic dTpw", "Basic dTpw"])
        }
    }
}
