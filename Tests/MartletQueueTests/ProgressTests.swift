import MartletLoop
import MartletServer
import Testing

@testable import MartletQueue

@Suite struct ProgressTests {
    @Test("whoever watches a job sees how far it is, and the end", arguments: Store.allCases)
    func watching(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let (queue, other) = (try await place.open(), try await place.open())
            let gate = Event()
            queue.handle("steps") { context in
                for step in 1...100 { context.report(Double(step) / 200, "step \(step)") }
                try await gate.wait()
            }
            let job = try await queue.enqueue("steps")
            var states: [JobState] = []
            try await queue.processing {
                for try await status in other.changes(of: job.id, every: .milliseconds(10)) {
                    if states.last != status.state { states.append(status.state) }
                    if status.note == "step 100" { gate.set() }
                    if status.state == .running, status.note != nil { #expect(status.progress == 0.5) }
                }
            }
            #expect(states.last == .done && states.count <= 3, "\(states)")
            for try await _ in other.changes(of: 999) { Issue.record("there is no such job") }
        }
    }

    @Test("what a handler says is brought into bounds") func bounds() async throws {
        try await QueueCase.run(.sqlite) { place async throws in
            let queue = try await place.open()
            queue.handle("odd") { context in
                context.report(.nan, String(repeating: "n", count: 10_000))
                context.report(-.infinity)
                context.report(.infinity)
            }
            let job = try await queue.enqueue("odd")
            try await queue.processing { try await queue.wait(job.id, until: .done) }
            let note = try #require(try await queue.status(of: job.id)?.note)
            #expect(note.utf8.count <= 512 && note.hasPrefix("nnn"))
        }
    }

    @Test(
        "a worker of an application runs jobs until it drains, and waits for those under way",
        arguments: Store.allCases)
    func worker(store: Store) async throws {
        try await QueueCase.run(store) { place async throws in
            let queue = try await place.open()
            let inspector = try await place.open()
            let (gate, begun) = (Event(), Event())
            queue.handle("slow") { _ in
                begun.set()
                try await gate.wait()
            }
            let worker = Worker()
            queue.process(on: worker)
            let first = try await queue.enqueue("slow")
            try await begun.wait()
            worker.beginDraining()
            let second = try await queue.enqueue("slow")
            let finished = Task { await worker.finish() }
            gate.set()
            await finished.value
            #expect(try await inspector.status(of: first.id)?.state == .done)
            #expect(try await inspector.status(of: second.id)?.state == .waiting)
            let error = await refusal { try await queue.enqueue("late") }
            #expect(error?.code == .closed)
        }
    }
}
