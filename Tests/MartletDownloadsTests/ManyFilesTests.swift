import MartletClient
import MartletDownloads
import MartletLoop
import MartletNet
import Testing

@Suite struct ManyFilesTests {
    @Test("a large file comes in segments at once, whatever becomes of their connections") func segments() async throws
    {
        for script in [[], [.init(cut: 30_000)], [.init(), .init(cut: 5_000), .init(cut: 0)]] as [[OriginServer.Answer]]
        {
            try await DownloadCase.run(bytes(3_000_000)) { fixture async throws in
                fixture.options.segments = 4
                fixture.options.smallestSegment = 100_000
                fixture.server.script = script
                #expect(try await fixture.fetch().size == 3_000_000)
                #expect(try await fixture.content() == fixture.server.content)
                #expect(fixture.server.requests.count > 2 && fixture.server.most > 1 && fixture.server.most <= 4)
                #expect(try await fixture.names() == ["file.bin"])
            }
        }
    }

    @Test("a file that changes between two segments is fetched anew") func segmentsChange() async throws {
        try await DownloadCase.run(bytes(3_000_000)) { fixture async throws in
            fixture.options.segments = 4
            fixture.options.smallestSegment = 100_000
            fixture.server.script = [.init(), .init(fields: ["ETag: \"v2\""], takesRanges: false)]
            #expect(try await fixture.fetch().size == 3_000_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    @Test("no more requests than wanted are under way, in all and for each host, and all files come") func bounds()
        async throws
    {
        try await DownloadCase.run(bytes(1000)) { fixture async throws in
            fixture.options.concurrency = 5
            fixture.options.concurrencyPerHost = 3
            let urls = (0..<60).map { fixture.server.url("/file-\($0)") }
            let gate = Event()
            fixture.server.usual.gate = gate
            let downloads = fixture.client.download(urls, to: fixture.directory, options: fixture.options)
            while fixture.server.requests.count < 3 { await Task.yield() }
            gate.set()
            let files = try await downloads.files()
            #expect(files.map(\.path) == (0..<60).map { "\(fixture.directory)/file-\($0)" })
            #expect(fixture.server.most == 3)
            // Again: all are there.
            let again = try await fixture.client.download(urls, to: fixture.directory, options: fixture.options).files()
            #expect(again.allSatisfy(\.wasThere) && fixture.server.requests.count == 60)
        }
    }

    @Test("files of one name get numbers, in the order in which they were asked for") func names() async throws {
        try await DownloadCase.run(bytes(1000)) { fixture async throws in
            let urls = ["/a/x.tar.gz", "/b/x.tar.gz", "/c/x.tar.gz"].map(fixture.server.url)
            let files = try await fixture.client.download(urls, to: fixture.directory, options: fixture.options).files()
            #expect(files.map { $0.path.split(separator: "/").last } == ["x.tar.gz", "x-1.tar.gz", "x-2.tar.gz"])
        }
    }

    @Test("one that fails does not keep the others") func oneFails() async throws {
        try await DownloadCase.run(bytes(1000)) { fixture async throws in
            fixture.options.concurrency = 1
            fixture.server.script = [.init(), .init(status: "404 Not Found")]
            let results = await fixture.client.download(
                ["/a", "/b", "/c"].map(fixture.server.url), to: fixture.directory, options: fixture.options
            ).results()
            #expect(results.map { (try? $0.get()) != nil } == [true, false, true])
            #expect(try await fixture.names() == ["a", "c"])
        }
    }

    @Test("progress is told until the end, and adds up") func progress() async throws {
        try await DownloadCase.run { fixture async throws in
            let downloads = fixture.client.download(
                ["/a", "/b", "/c"].map(fixture.server.url), to: fixture.directory, options: fixture.options)
            var last: DownloadsProgress?
            var bytes = 0
            for await progress in downloads.progress(every: .milliseconds(1)) {
                #expect(progress.bytes >= bytes)
                bytes = progress.bytes
                last = progress
            }
            #expect(last?.isFinished == true && last?.bytes == 300_000 && last?.total == 300_000 && last?.done == 3)
        }
    }

    @Test("a download that is cancelled leaves what the next one goes on with") func cancel() async throws {
        try await DownloadCase.run { fixture async throws in
            let gate = Event()
            fixture.options.attempts = 1
            // Half of it, and then nothing.
            fixture.server.script = [.init(cut: 50_000), .init(gate: gate)]
            fixture.options.attempts = 2
            let downloads = fixture.client.download(
                [fixture.server.url("/file.bin")], to: fixture.directory, options: fixture.options)
            while fixture.server.requests.count < 2 { await Task.yield() }
            downloads.cancel()
            let results = await downloads.results()
            guard case .failure(let error) = results[0] else { throw Unexpected(results: results) }
            #expect(error.code == .cancelled)
            gate.set()
            #expect(try await fixture.fetch().received == 50_000)
            #expect(try await fixture.content() == fixture.server.content)
        }
    }

    private struct Unexpected: Error { let results: [Result<DownloadedFile, DownloadError>] }

    @Test("the same file is not fetched by two at once") func busy() async throws {
        try await DownloadCase.run { fixture async throws in
            let gate = Event()
            fixture.server.script = [.init(gate: gate)]
            let first = fixture.client.download(
                [fixture.server.url("/file.bin")], to: fixture.directory, options: fixture.options)
            while fixture.server.requests.isEmpty { await Task.yield() }
            #expect(await fixture.failure()?.code == .busy)
            gate.set()
            #expect(try await first.files()[0].size == 100_000)
        }
    }

    @Test("a limit of the rate holds for all files together") func rate() async throws {
        try await DownloadCase.run { fixture async throws in
            fixture.options.rateLimit = 1_000_000
            let start = EventLoop.Instant.readClock()
            _ = try await fixture.client.download(
                ["/a", "/b", "/c"].map(fixture.server.url), to: fixture.directory, options: fixture.options
            ).files()
            // 300,000 bytes, of which a tenth of a second's worth and the last pieces may come at once.
            #expect(start.duration(to: .readClock()) > .milliseconds(80))
        }
    }

    @Test("an address that may not be connected to is refused, however it is written") func addresses() async throws {
        try await DownloadCase.run { fixture async throws in
            var settings = HTTPClientSettings()
            settings.allowsAddress = { $0.reach == .global }
            let client = HTTPClient(settings)
            for url in [
                fixture.server.url("/a"), "http://[::1]:1/a", "http://[::ffff:127.0.0.1]:1/a", "http://0.0.0.0:1/",
            ] {
                let result = await client.download([url], to: fixture.directory, options: fixture.options).results()[0]
                guard case .failure(let error) = result else { throw Unexpected(results: [result]) }
                #expect(error.code == .refused, "\(url): \(error)")
            }
            #expect(fixture.server.requests.isEmpty)
            await client.shutdown()
        }
    }
}
