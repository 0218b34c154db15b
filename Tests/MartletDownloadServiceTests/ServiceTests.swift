import HTTPTypes
import MartletClient
import MartletLoop
import MartletNet
import Testing

@testable import MartletDownloadService

@Suite struct ServiceTests {
    @Test("a file that is posted is fetched, listed, and forgotten when told to") func fetches() async throws {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            let (code, text) = try await fixture.post(address, "{\"url\":\"\(fixture.url("/a.bin"))\"}")
            #expect(code == 202 && text.contains("\"state\":\"queued\""))
            let job = try await fixture.wait(address, 1, .done)
            #expect(job.name == "a.bin" && job.bytes == 200_000 && job.total == 200_000 && job.attempts == 1)
            #expect(try await File.read(fixture.directory + "/files/a.bin") == ServiceCase.content)
            let list = try await fixture.client.get("\(address)?state=done").text()
            #expect(list.contains("a.bin"))
            let response = try await fixture.client.delete(try HTTPURL(parsing: "\(address)/1"))
            #expect(response.code == 204)
            #expect(try await fixture.job(address, 1) == nil)
            // The file is the user's.
            #expect(try await FileSystem.exists(fixture.directory + "/files/a.bin"))
        }
    }

    @Test(
        "what may not be fetched is refused with the reason",
        arguments: [
            ("{}", "name 1 to"), ("{\"url\":\"nonsense\"}", "is no URL"), ("{\"url\":\"ftp://x/\"}", "is no URL"),
            ("{\"url\":\"http://elsewhere.example/\"}", "may not be asked"),
            ("{\"url\":\"http://u:p@127.0.0.1/\"}", "user or password"),
            ("{\"url\":\"http://127.0.0.1/\",\"directory\":\"/etc\"}", "directory"),
            ("{\"url\":\"http://127.0.0.1/\",\"checksum\":\"x\"}", "checksum"),
        ])
    func refuses(body: String, reason: String) async throws {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            let (code, text) = try await fixture.post(address, body)
            #expect(code == 422 && text.contains(reason), "\(text)")
        }
    }

    @Test("addresses of this machine and its networks are refused, by whatever name") func privateAddresses()
        async throws
    {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.allowsPrivate = false
            let address = try await fixture.worker()
            let urls = [fixture.url("/a"), "http://localhost:\(fixture.port)/a"].map { "\"\($0)\"" }
            let (code, _) = try await fixture.post(address, "{\"urls\":[\(urls.joined(separator: ","))]}")
            #expect(code == 202)
            for id in 1...2 {
                let job = try await fixture.wait(address, id, .failed)
                #expect(job.error?.contains("127.0.0.1") == true, "\(job)")
            }
            #expect(fixture.requests.isEmpty)
        }
    }

    @Test("a redirect does not lead to where the first request may not go, and neither does a name that changes")
    func rebinding() async throws {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.allowsPrivate = false
            // 127.0.0.1 stands for a server of the world; localhost, and what the name becomes, for one inside.
            fixture.settings.networks = [.init("127.0.0.1")!]
            var lookups = 0
            fixture.clientSettings.limits.idle = .zero
            fixture.clientSettings.resolver = Resolver(limits: .uncached) { query in
                lookups += 1
                return query.host == "rebound.test" && lookups == 1
                    ? [try SocketAddress(parsing: "127.0.0.1:0")] : [try SocketAddress(parsing: "127.0.0.2:0")]
            }
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"http://rebound.test:\(fixture.port)/a\"}")
            _ = try await fixture.wait(address, 1, .done)
            _ = try await fixture.post(address, "{\"url\":\"http://rebound.test:\(fixture.port)/b\"}")
            let rebound = try await fixture.wait(address, 2, .failed)
            #expect(rebound.error?.contains("127.0.0.2") == true, "\(rebound)")
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/inward"))\"}")
            let inward = try await fixture.wait(address, 3, .failed)
            #expect(inward.error?.contains("127.0.0.2") == true, "\(inward)")
            #expect(fixture.requests == ["/a 0", "/inward 0"])
        }
    }

    @Test("a job that has failed says why, and can be tried again") func retry() async throws {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/missing"))\"}")
            #expect(try await fixture.wait(address, 1, .failed).error == "the server answers with 404 Not Found")
            let (code, _) = try await fixture.post("\(address)/1/retry", "")
            #expect(code == 202)
            try await fixture.until("asked again") { fixture.requests.count == 2 }
            #expect(try await fixture.wait(address, 1, .failed).attempts == 2)
            let (missing, _) = try await fixture.post("\(address)/7/retry", "")
            #expect(missing == 404)
        }
    }

    @Test("a running job is cancelled, keeps what it has, and goes on when tried again") func cancel() async throws {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/slow"))\"}")
            try await fixture.until("half is there") { try await fixture.job(address, 1)?.bytes == 100_000 }
            let response = try await fixture.client.delete(try HTTPURL(parsing: "\(address)/1"))
            #expect(response.code == 200)
            #expect(try await response.text().contains("cancelled"))
            fixture.gate.set()
            // Before the worker has let go, perhaps: the lock of the file decides.
            _ = try await fixture.post("\(address)/1/retry", "")
            #expect(try await fixture.wait(address, 1, .done).bytes == 200_000)
            #expect(try await File.read(fixture.directory + "/files/slow") == ServiceCase.content)
            #expect(fixture.requests == ["/slow 0", "/slow 100000"])
        }
    }

    @Test("a job is run by one worker, and another goes on from the middle when that one drains") func drain()
        async throws
    {
        try await ServiceCase.run { fixture async throws in
            let first = try await fixture.worker()
            _ = try await fixture.post(first, "{\"url\":\"\(fixture.url("/slow"))\"}")
            try await fixture.until("half is there") { try await fixture.job(first, 1)?.bytes == 100_000 }
            let second = try await fixture.worker()
            await fixture.drain(0)
            fixture.gate.set()
            #expect(try await fixture.wait(second, 1, .done).attempts == 2)
            #expect(try await File.read(fixture.directory + "/files/slow") == ServiceCase.content)
            #expect(fixture.requests == ["/slow 0", "/slow 100000"])
        }
    }

    @Test("each of many jobs is run once, by one of two workers") func many() async throws {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.concurrency = 3
            fixture.settings.concurrencyPerHost = 3
            let first = try await fixture.worker()
            try await fixture.worker()
            let urls = (0..<40).map { "\"\(fixture.url("/file-\($0)"))\"" }.joined(separator: ",")
            let (code, _) = try await fixture.post(first, "{\"urls\":[\(urls)]}")
            #expect(code == 202)
            for id in 1...40 { #expect(try await fixture.wait(first, id, .done).attempts == 1) }
            #expect(fixture.requests.count == 40 && Set(fixture.requests).count == 40)
        }
    }

    @Test("more jobs than may wait are refused, and files larger than allowed fail") func bounds() async throws {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.waiting = 2
            fixture.settings.fileSize = 100_000
            let address = try await fixture.worker()
            let urls = (0..<3).map { "\"\(fixture.url("/file-\($0)"))\"" }.joined(separator: ",")
            let (code, _) = try await fixture.post(address, "{\"urls\":[\(urls)]}")
            #expect(code == 429)
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/a"))\"}")
            #expect(try await fixture.wait(address, 1, .failed).error?.contains("100000 bytes") == true)
        }
    }

    @Test("a job that has failed takes no more of the total than what is there of it") func failedSize() async throws {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.attempts = 1
            fixture.settings.totalSize = 300_000
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/slow-broken"))\"}")
            try await fixture.until("the size is known") { try await fixture.job(address, 1)?.total == 200_000 }
            fixture.gate.set()
            #expect(try await fixture.wait(address, 1, .failed).bytes == 100_000)
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/a.bin"))\"}")
            #expect(try await fixture.wait(address, 2, .done).bytes == 200_000)
        }
    }

    @Test(
        "files that come side by side never have more than the total, whether their lengths are known or not",
        arguments: ["/slow-unknown", "/slow"])
    func totalSize(path: String) async throws {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.attempts = 1
            fixture.settings.concurrency = 4
            fixture.settings.concurrencyPerHost = 4
            // Room for two of them, and a half.
            fixture.settings.totalSize = 500_000
            let workers = [try await fixture.worker(), try await fixture.worker()]
            let urls = (0..<4).map { "\"\(fixture.url("\(path)-\($0)"))\"" }.joined(separator: ",")
            _ = try await fixture.post(workers[0], "{\"urls\":[\(urls)]}")
            try await fixture.until("all have been asked for") { Set(fixture.requests).count == 4 }
            fixture.gate.set()
            var ends: [DownloadJob] = []
            for id in 1...4 {
                var seen: DownloadJob?
                try await fixture.until("job \(id) is over, and not \(seen as Any)") {
                    seen = try await fixture.job(workers[1], id)
                    return seen?.state == .done || seen?.state == .failed
                }
                if let seen { ends.append(seen) }
            }
            let done = ends.filter { $0.state == .done }
            #expect(done.reduce(0) { $0 + $1.bytes } <= 500_000)
            for job in ends where job.state == .failed {
                #expect(job.error?.contains("may have 500000 bytes") == true, "\(job)")
            }
            #expect(ends.contains { $0.state == .failed })
            if path == "/slow" { #expect(done.count == 2) }
        }
    }

    @Test("a job of unknown length takes of the total what it has got, and gives the rest back") func unknownSize()
        async throws
    {
        try await ServiceCase.run { fixture async throws in
            fixture.settings.totalSize = 400_000
            let address = try await fixture.worker()
            for id in 1...2 {
                _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/unknown-\(id)"))\"}")
                #expect(try await fixture.wait(address, id, .done).bytes == 200_000)
            }
            let (code, _) = try await fixture.post(address, "{\"url\":\"\(fixture.url("/unknown-3"))\"}")
            #expect(code == 507)
        }
    }

    @Test("looking for jobs writes nothing as long as there is none to run") func looksWithoutWriting() async throws {
        try await ServiceCase.run { fixture async throws in
            let store = try await JobStore.open(fixture.settings.database)
            let before = try await store.revision()
            let size = try await FileSystem.status(of: fixture.settings.database + "-wal").size
            for _ in 0..<20 { #expect(try await store.claim(by: "me", fixture.settings) == nil) }
            #expect(try await store.revision() == before)
            #expect(try await FileSystem.status(of: fixture.settings.database + "-wal").size == size)
            await store.close()
        }
    }

    @Test("changes come as events, until the job is over") func events() async throws {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/a.bin"))\"}")
            let response = try await fixture.client.get("\(address)/1/events")
            #expect(response[.contentType] == "text/event-stream")
            let text = try await response.text()
            #expect(text.contains("event: done") && text.contains("\"bytes\":200000"), "\(text)")
        }
    }

    @Test("events of all jobs begin with what changes from now on, or behind the one that was seen")
    func eventsFromNow()
        async throws
    {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/first.bin"))\"}")
            _ = try await fixture.wait(address, 1, .done)
            for (fields, seesFirst) in [([:], false), ([.lastEventID: "0"], true)] as [(HTTPFields, Bool)] {
                let seen = Seen()
                var posted = 0
                let reading = Task {
                    let response = try await fixture.client.get(
                        try HTTPURL(parsing: address + "/events"), fields: fields)
                    for try await piece in response.body { seen.text += String(decoding: piece, as: UTF8.self) }
                }
                // Whenever it begins, there is something new behind that.
                try await fixture.until("something new comes") {
                    _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/next-\(posted)"))\"}")
                    posted += 1
                    return seen.text.contains("/next-")
                }
                reading.cancel()
                _ = await reading.result
                #expect(seen.text.contains("/first.bin") == seesFirst, "\(seen.text)")
            }
        }
    }

    /// What has come so far.
    private final class Seen {
        var text = ""

        deinit {}
    }

    @Test("the events of one job end when it is forgotten, or when its end has been seen") func eventsEnd() async throws
    {
        try await ServiceCase.run { fixture async throws in
            let address = try await fixture.worker()
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/a.bin"))\"}")
            let revision = try await fixture.wait(address, 1, .done).revision
            for fields in [[.lastEventID: "\(revision)"], [.lastEventID: "\(Int.max)"]] as [HTTPFields] {
                let response = try await fixture.client.get(try HTTPURL(parsing: "\(address)/1/events"), fields: fields)
                #expect(try await response.text() == "")
            }
            _ = try await fixture.post(address, "{\"url\":\"\(fixture.url("/slow"))\"}")
            let seen = Seen()
            let reading = Task {
                let response = try await fixture.client.get("\(address)/2/events")
                for try await piece in response.body { seen.text += String(decoding: piece, as: UTF8.self) }
            }
            try await fixture.until("it is watched") { seen.text.contains("event: ") }
            for code in [200, 204] {
                let response = try await fixture.client.delete(try HTTPURL(parsing: "\(address)/2"))
                #expect(response.code == code)
            }
            try await reading.value
        }
    }
}

nonisolated extension Resolver.Limits {
    fileprivate static var uncached: Resolver.Limits {
        var limits = Resolver.Limits()
        limits.capacity = 0
        return limits
    }
}

nonisolated extension HTTPField.Name {
    /// `Last-Event-ID`, WHATWG HTML §9.2.4.
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!  // a token
}
