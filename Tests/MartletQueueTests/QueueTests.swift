import MartletLoop
import Testing

@testable import MartletQueue

@Suite struct QueueTests {
    nonisolated struct Greeting: Job {
        static let kind = "greeting"
        static var options: JobOptions { JobOptions(priority: .high, attempts: 3) }
        var name: String

        @MainActor func run(_ context: JobContext) async throws {
            context.report(0.5, "Hello, \(name)")
        }
    }

    @Test("a job of a type runs with its values, and is done", arguments: Store.allCases) func typed(store: Store)
        async throws
    {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            queue.handle(Greeting.self)
            let job = try await queue.enqueue(Greeting(name: "Ada"))
            let waiting = try #require(try await queue.status(of: job.id))
            #expect(waiting.state == .waiting && waiting.priority == .high && waiting.maximumAttempts == 3)
            #expect(waiting.payloadBytes == #"{"name":"Ada"}"#.utf8.count)
            try await queue.processing {
                let done = try await queue.wait(job.id, until: .done)
                #expect(done.attempts == 1 && done.progress == 1 && done.note == "Hello, Ada" && done.error == nil)
                #expect(done.worker == QueueRunner.worker && done.started != nil && done.finished != nil)
            }
            let counts = try await queue.counts()
            #expect(counts.done == 1 && counts.pending == 0 && counts.running == 0 && counts.dead == 0)
        }
    }

    @Test("bytes arrive as they were, whatever they are", arguments: Store.allCases) func bytes(store: Store)
        async throws
    {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            var received: [[UInt8]] = []
            queue.handle("bytes") { received.append($0.payload) }
            let payloads = [[], [0], Array(0...255), Array(repeating: 7, count: 100_000)] as [[UInt8]]
            let options = JobOptions(key: "in order")
            let jobs = try await queue.enqueue(contentsOf: payloads.map { NewJob("bytes", $0, options) })
            #expect(jobs.map(\.id) == jobs.map(\.id).sorted())
            #expect(try await queue.payload(of: jobs[2].id) == payloads[2])
            try await queue.processing { try await queue.wait(jobs[3].id, until: .done) }
            #expect(received == payloads)
        }
    }

    @Test("urgent jobs go first, then those that came first", arguments: Store.allCases) func order(store: Store)
        async throws
    {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            var order: [String] = []
            queue.handle("note") { order.append(String(decoding: $0.payload, as: UTF8.self)) }
            let priorities: [JobPriority] = [.low, .normal, .high, .urgent, .low, .normal, .high, .urgent]
            let jobs = try await queue.enqueue(
                contentsOf: priorities.enumerated().map { index, priority in
                    NewJob("note", Array("\(priority) \(index)".utf8), JobOptions(priority: priority))
                })
            try await queue.processing(concurrency: 1) { try await queue.wait(jobs[4].id, until: .done) }
            #expect(
                order == [
                    "urgent 3", "urgent 7", "high 2", "high 6", "normal 1", "normal 5", "low 0", "low 4",
                ])
        }
    }

    @Test("a job that is to wait does not begin before its time, and soon after", arguments: Store.allCases)
    func delays(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            // Were it found by looking alone, it would be late.
            var settings = QueueSettings()
            settings.patrol = .seconds(3600)
            let queue = try await place.open("delays", settings)
            // Between the write that the kernel tells of and the commit there is an fsync.
            let other = try await place.open("delays", settings, isDurable: true)
            queue.handle("later") { _ in }
            try await queue.processing {
                // The worker is idle when the other process adds these.
                let far = try await other.enqueue("later", [], JobOptions(start: .after(.seconds(3600))))
                let near = try await other.enqueue("later", [], JobOptions(start: .after(.milliseconds(300))))
                let scheduled = try #require(try await queue.status(of: near.id))
                let done = try await queue.wait(near.id, until: .done)
                let started = try #require(done.started)
                #expect(scheduled.due - scheduled.created >= 300 && started >= scheduled.due)
                #expect(try await queue.status(of: far.id)?.state == .scheduled)
                try await other.retry(far.id)
                try await queue.wait(far.id, until: .done)
                let past = try await other.enqueue("later", [], JobOptions(start: .at(millisecondsSince1970: 5)))
                try await queue.wait(past.id, until: .done)
            }
        }
    }

    @Test("of the jobs of a key one runs at a time, whichever process has them", arguments: Store.allCases)
    func keys(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queues = [try await place.open(), try await place.open(), try await place.open()]
            var running: [String: Int] = [:]
            var most = 0
            var ended = 0
            for queue in queues {
                queue.handle("exclusive") { context in
                    let key = context.key!
                    running[key, default: 0] += 1
                    #expect(running[key] == 1, "two of \(key) at once")
                    most = max(most, running.values.reduce(0, +))
                    for _ in 0..<Int.random(in: 0...5) { await Task.yield() }
                    if context.attempt == 1, ended % 7 == 3 {
                        running[key, default: 0] -= 1
                        ended += 1
                        throw Broken()
                    }
                    running[key, default: 0] -= 1
                    ended += 1
                }
            }
            let jobs = (0..<120).map { index in
                NewJob(
                    "exclusive", [],
                    JobOptions(priority: JobPriority.allCases.randomElement()!, key: "k\(index % 4)", backoff: .none))
            }
            try await queues[0].enqueue(contentsOf: jobs)
            try await queues[0].processing {
                try await queues[1].processing {
                    try await queues[2].processing {
                        try await eventually("all are done") {
                            try await queues[0].counts().done == 120 ? true : nil
                        }
                    }
                }
            }
            #expect(most > 1 && ended >= 120)
            let counts = try await queues[0].counts()
            #expect(counts.held == 0 && counts.waiting == 0 && counts.running == 0 && counts.dead == 0)
        }
    }

    @Test("a unique job is not added while one of its key waits, and is while one runs", arguments: Store.allCases)
    func unique(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let gate = Event()
            let begun = Event()
            queue.handle("sync") { _ in
                begun.set()
                try await gate.wait()
            }
            let options = JobOptions(key: "account 7", isUnique: true)
            let first = try await queue.enqueue("sync", [], options)
            let second = try await queue.enqueue("sync", [], options)
            #expect(!first.isDuplicate && second == EnqueuedJob(id: first.id, isDuplicate: true))
            let other = try await queue.enqueue("sync", [], JobOptions(key: "account 8", isUnique: true))
            #expect(!other.isDuplicate)
            try await queue.processing {
                try await queue.wait(first.id, until: .running)
                try await begun.wait()
                let third = try await queue.enqueue("sync", [], options)
                #expect(!third.isDuplicate && third.id != first.id)
                #expect(try await queue.enqueue("sync", [], options) == EnqueuedJob(id: third.id, isDuplicate: true))
                try await queue.wait(third.id, until: .held)
                #expect(try await queue.enqueue("sync", [], options).isDuplicate)
                gate.set()
                try await queue.wait(third.id, until: .done)
            }
            // A delayed one waits, too.
            var later = options
            later.start = .after(.seconds(1000))
            let delayed = try await queue.enqueue("sync", [], later)
            #expect(try await queue.enqueue("sync", [], options) == EnqueuedJob(id: delayed.id, isDuplicate: true))
        }
    }

    @Test("what cannot be taken is refused with the reason, and changes nothing", arguments: Store.allCases)
    func refuses(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            var settings = QueueSettings()
            settings.payloadLimit = 10
            settings.lengthLimit = 3
            let queue = try await place.open("small", settings)
            let bad: [(NewJob, String)] = [
                (NewJob("", []), "kind"), (NewJob("a\nb"), "kind"),
                (NewJob(String(repeating: "k", count: 129)), "kind"),
                (NewJob("large", Array(repeating: 0, count: 11)), "11 bytes"),
                (NewJob("key", [], JobOptions(key: "")), "key"),
                (NewJob("key", [], JobOptions(key: String(repeating: "k", count: 257))), "key"),
                (NewJob("unique", [], JobOptions(isUnique: true)), "no key"),
                (NewJob("attempts", [], JobOptions(attempts: 0)), "0 times"),
                (NewJob("attempts", [], JobOptions(attempts: 1001)), "1001 times"),
                (NewJob("timeout", [], JobOptions(timeout: .zero)), "timeout"),
            ]
            for (job, reason) in bad {
                let error = await refusal { try await queue.enqueue(contentsOf: [job]) }
                #expect(error?.code == .invalidJob && error?.reason.contains(reason) == true)
            }
            try await queue.enqueue(contentsOf: [NewJob("fits"), NewJob("fits")])
            let error = await refusal {
                try await queue.enqueue(contentsOf: [NewJob("fits"), NewJob("does not")])
            }
            #expect(error?.code == .full && error?.reason.contains("at most 3") == true)
            #expect(try await queue.counts().waiting == 2)
            #expect(try await queue.enqueue(contentsOf: []) == [])
        }
    }

    @Test("queues of other names do not see each other's jobs", arguments: Store.allCases) func names(store: Store)
        async throws
    {
        try await QueueCase.run(store) { place async throws in
            let (one, two) = (try await place.open("one"), try await place.open("two"))
            let job = try await one.enqueue("x", [], JobOptions(key: "k"))
            _ = try await two.enqueue("x", [], JobOptions(key: "k"))
            #expect(try await one.counts().waiting == 1)
            #expect(try await two.counts().waiting == 1)
            #expect(try await one.backEnd.claim(5, by: "w").jobs.map(\.lease.job) == [job.id])
            #expect(try await two.backEnd.claim(5, by: "w").jobs.count == 1)
        }
    }

    @Test(
        "an URL or a name that means nothing is refused",
        arguments: [
            ("http://x", "q", "none of"), ("nothing", "q", "none of"), ("sqlite:", "q", "sqlite:/path"),
            ("sqlite::memory:", "q", "sqlite:/path"), ("sqlite:/nonexistent/dir/x.db", "q", "cannot open"),
            ("sqlite:/tmp/x.db", "", "name"), ("sqlite:/tmp/x.db", "a b", "name"), ("redis://host:99999", "q", "port"),
        ])
    func urls(url: String, name: String, reason: String) async {
        let error = await refusal { _ = try await WorkQueue.open(url, name: name) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
