import CMartlet
import Glibc
import MartletLoop
import Testing

extension DebuggingTests {
    @Suite("Task dump")
    struct TaskDumpTests {
        @Test("says in words where each task waits")
        func places() async {
            await withDebugMode {
                let place = Place()
                let tasks = Specimen.all.map { specimen in
                    Task(name: specimen.words) { await waitSomewhere(specimen, place) }
                }
                await reached { place.entered == tasks.count }
                let dump = EventLoop.main.taskDump()
                for specimen in Specimen.all {
                    let found = dump.tasks.first { $0.name == specimen.words }
                    #expect(found?.state.code == (specimen.isSleep ? .sleeping : .suspended), "\(specimen.words)")
                    #expect(found?.waitsIn == specimen.words)
                    #expect(found?.frames.contains { $0.function.contains("waitSomewhere") } == true)
                    #expect(found?.isCancelled == false)
                }
                place.task.cancel()
                for task in tasks {
                    task.cancel()
                    await task.value
                }
                let names = Set(EventLoop.main.taskDump().tasks.compactMap(\.name))
                #expect(names.isDisjoint(with: Specimen.all.map(\.words)))
            }
        }

        @Test("a task that runs shows the functions that it is in")
        func running() async {
            await withDebugMode {
                var frame: StackFrame?
                // Lines take their time: a dump stops looking for them when it takes too long, and the next goes on.
                for _ in 0..<100 where frame?.line == nil {
                    let dump = await Task(name: "on the stage") { takeDump() }.value
                    let found = dump.tasks.first { $0.name == "on the stage" }
                    #expect(found?.state.code == .running)
                    frame = found?.frames.first
                    #expect(frame?.function.hasPrefix("takeDump()") == true, "\(dump)")
                }
                #expect(frame?.file?.hasSuffix("TaskDumpTests.swift") == true)
            }
        }

        @Test("ready is a task that has not begun, and one that will go on")
        func ready() async {
            await withDebugMode {
                let event = Event()
                let waiting = Task(name: "goes on") { try? await event.wait() }
                await reached { event.waiterCount == 1 }
                let fresh = Task(name: "has not begun") {}
                event.set()
                let dump = EventLoop.main.taskDump()
                #expect(dump.tasks.first { $0.name == "goes on" }?.state.code == .ready, "\(dump)")
                #expect(dump.tasks.first { $0.name == "has not begun" }?.state.code == .ready, "\(dump)")
                await waiting.value
                await fresh.value
            }
        }

        @Test("a cancelled task that goes on waiting is shown as cancelled")
        func cancelled() async {
            await withDebugMode {
                var continuation: UnsafeContinuation<Void, Never>?
                let task = Task(name: "stubborn") { await withUnsafeContinuation { continuation = $0 } }
                await reached { continuation != nil }
                task.cancel()
                let found = EventLoop.main.taskDump().tasks.first { $0.name == "stubborn" }
                #expect(found?.isCancelled == true)
                #expect(found?.state.code == .suspended)
                continuation?.resume()
                await task.value
            }
        }

        @Test("a sleeping task says when it wakes")
        func sleeping() async throws {
            try await withDebugMode {
                let begin = EventLoop.Instant.readClock()
                let task = Task(name: "sleeper") { try await Task.sleep(for: .seconds(60)) }
                await Task.yield()
                let dump = EventLoop.main.taskDump()
                let found = try #require(dump.tasks.first { $0.name == "sleeper" }, "\(dump)")
                let wakeTime = try #require(found.state.wakeTime)
                #expect(wakeTime >= begin + .seconds(60))
                #expect(wakeTime <= dump.time + .seconds(60))
                task.cancel()
                _ = await task.result
            }
        }

        @Test("a task that began at once, with Task.immediate, is found when it waits in a primitive")
        func immediate() async {
            await withDebugMode {
                let event = Event()
                let task = Task.immediate(name: "at once") { try? await event.wait() }
                let found = EventLoop.main.taskDump().tasks.first { $0.name == "at once" }
                #expect(found?.waitsIn == "Event.wait")
                task.cancel()
                await task.value
            }
        }

        @Test("children know their parents, and a tree shows both")
        func family() async {
            await withDebugMode {
                let event = Event()
                let parent = Task(name: "parent") {
                    async let first: Void = waitQuietly(for: event)
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask(name: "second") { await waitQuietly(for: event) }
                        group.addImmediateTask(name: "third") { await waitQuietly(for: event) }
                    }
                    await first
                }
                await reached { event.waiterCount == 3 }
                let dump = EventLoop.main.taskDump()
                let id = dump.tasks.first { $0.name == "parent" }?.id
                #expect(id != nil)
                let children = dump.tasks.filter { $0.parent == id }
                #expect(children.count == 3)
                #expect(children.count { $0.name == nil } == 1)
                #expect(Set(children.compactMap(\.name)) == ["second", "third"])
                #expect(children.allSatisfy { $0.waitsIn == "Event.wait" })
                let lines = dump.tree.split(separator: "\n")
                #expect(lines.contains { $0.hasPrefix("├── task") && $0.contains("\"second\": suspended for") })
                #expect(lines.count { $0.hasPrefix("├── ") || $0.hasPrefix("└── ") } >= 3, "\(dump.tree)")
                parent.cancel()
                await parent.value
            }
        }

        @Test("a task that waits for another says for which")
        func awaited() async {
            await withDebugMode {
                let event = Event()
                let worker = Task(name: "worker") { await waitQuietly(for: event) }
                let client = Task(name: "client") { await worker.value }
                await reached { event.waiterCount == 1 }
                await Task.yield()
                let dump = EventLoop.main.taskDump()
                let workerID = dump.tasks.first { $0.name == "worker" }?.id
                #expect(workerID != nil)
                #expect(dump.tasks.first { $0.name == "client" }?.awaitedTask == workerID)
                event.set()
                await client.value
            }
        }

        @Test("tasks at the same place share an entry")
        func samePlace() async {
            await withDebugMode {
                let event = Event()
                let tasks = (0..<1000).map { _ in Task(name: "many") { await waitQuietly(for: event) } }
                await reached { event.waiterCount == tasks.count }
                let dump = EventLoop.main.taskDump()
                #expect(dump.tasks.count { $0.name == "many" } == tasks.count)
                #expect("\(dump)".contains("1000 tasks \"many\" ("))
                #expect("\(dump)".split(separator: "\n").count { $0.contains("\"many\"") } == 1)
                event.set()
                for task in tasks { await task.value }
            }
        }

        @Test("a dump can be asked for with a signal")
        func signal() async {
            await withDebugMode {
                let event = Event()
                let task = Task(name: "in the dump") { await waitQuietly(for: event) }
                let dump = await withUnsafeContinuation { (done: UnsafeContinuation<TaskDump, Never>) in
                    EventLoop.main.onTaskDump = { done.resume(returning: $0) }
                    kill(getpid(), martlet_dump_signal())
                }
                #expect(dump.tasks.contains { $0.name == "in the dump" }, "\(dump)")
                task.cancel()
                await task.value
            }
        }

        @Test("a signal that cannot be caught is an error, and no reason to switch debug mode on")
        func impossibleSignal() {
            let wasOn = EventLoop.main.isDebugging
            #expect(throws: SystemError.self) { try EventLoop.main.dumpTasks(on: SIGKILL) }
            #expect(EventLoop.main.isDebugging == wasOn)
        }

        @Test("without debug mode, the dump says how to get one")
        func off() {
            guard !EventLoop.main.isDebugging else { return }
            #expect(EventLoop.main.taskDump().tasks.isEmpty)
            #expect("\(EventLoop.main.taskDump())".contains("MARTLET_DEBUG=1"))
        }
    }
}

/// Somewhere to wait, and what the dump is to say of it.
nonisolated struct Specimen: Sendable {
    let words: String
    var isSleep = false
    let wait: @MainActor @Sendable (Place) async throws -> Void

    static let all = [
        Specimen(words: "Lock.acquire") { try await $0.lock.acquire() },
        Specimen(words: "Semaphore.acquire") { try await $0.semaphore.acquire() },
        Specimen(words: "Event.wait") { try await $0.event.wait() },
        Specimen(words: "Barrier.wait") { _ = try await $0.barrier.wait() },
        Specimen(words: "AsyncQueue.get") { _ = try await $0.queue.get() },
        Specimen(words: "AsyncQueue.put") { try await $0.fullQueue.put(1) },
        Specimen(words: "Future.value") { try await $0.promise.future.value },
        Specimen(words: "Task.value") { _ = try await $0.task.value },
        Specimen(words: "Task.sleep", isSleep: true) { _ in try await Task.sleep(for: .seconds(60)) },
        Specimen(words: "withUnsafeContinuation") { place in
            await withTaskCancellationHandler {
                await withUnsafeContinuation { place.continuation = $0 }
            } onCancel: {
                MainActor.assumeIsolated { place.continuation?.resume() }
            }
        },
    ]
}

/// Where specimens wait: nothing here is ever free.
final class Place {
    var entered = 0
    let lock = Lock()
    let semaphore = Semaphore(permits: 0)
    let event = Event()
    let barrier = Barrier(parties: 2)
    let queue = Queue<Int>(maximumCount: 1)
    let fullQueue = Queue<Int>(maximumCount: 1)
    let promise = Promise<Void>()
    let task = Task { try await Task.sleep(for: .seconds(60)) }
    var continuation: UnsafeContinuation<Void, Never>?

    init() {
        _ = lock.tryAcquire()
        _ = try? fullQueue.tryPut(1)
    }
}

private func waitSomewhere(_ specimen: Specimen, _ place: Place) async {
    // Counted when this task has been suspended.
    EventLoop.main.callSoon { place.entered += 1 }
    try? await specimen.wait(place)
}

private func waitQuietly(for event: Event) async {
    try? await event.wait()
}

@inline(never)
private func takeDump() -> TaskDump {
    EventLoop.main.taskDump()
}
