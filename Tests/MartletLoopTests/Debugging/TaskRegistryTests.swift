import MartletLoop
import Testing

extension DebuggingTests {
    @Suite("Task registry")
    struct TaskRegistryTests {
        @Test("stays bounded when 100,000 tasks have come and gone")
        func bounded() async {
            await withDebugMode {
                var ended = 0
                for _ in 0..<100 {
                    ended += await withTaskGroup(of: Int.self) { group in
                        for number in 0..<1000 {
                            group.addTask {
                                if number % 10 == 0 { await Task.yield() }
                                return 1
                            }
                        }
                        var sum = 0
                        for await one in group { sum += one }
                        return sum
                    }
                    // Virtual clocks of other tests only go on when the loop has nothing to do.
                    try? await Task.sleep(for: .milliseconds(1))
                }
                #expect(ended == 100_000)
                #expect(EventLoop.main.registeredTasks < 20_000)
            }
        }

        @Test("outlives children that lie in their parents' memory")
        func asyncLet() async {
            await withDebugMode {
                for _ in 0..<200 {
                    async let one: Void = Task.yield()
                    async let other: Void = Task.yield()
                    _ = await (one, other)
                }
                _ = EventLoop.main.taskDump()
                #expect(EventLoop.main.registeredTasks < 20_000)
            }
        }

        @Test("lets go of a task when it has ended, and of all when debug mode is switched off")
        func released() async {
            let event = Event()
            // A task keeps its result for as long as anyone keeps the task.
            weak var ended: Witness?
            weak var left: Witness?
            var late: Task<Witness, Never>?
            await withDebugMode {
                ended = await Task { Witness() }.value
                #expect(ended == nil)
                late = Task {
                    try? await event.wait()
                    return Witness()
                }
                await reached { event.waiterCount == 1 }
                #expect(EventLoop.main.registeredTasks > 0)
            }
            event.set()
            left = await late?.value
            #expect(left != nil)
            late = nil
            #expect(left == nil)
        }

        @Test("an error is reported when nobody holds the task that it ended, and only then")
        func lostErrors() async {
            await withDebugMode {
                var lost: [LostError] = []
                EventLoop.main.onLostError = {
                    if $0.error is Mishap || $0.error is CancellationError { lost.append($0) }
                }
                Task(name: "alone") { throw Mishap() }
                Task(name: "cancelled") { throw CancellationError() }
                let held = Task(name: "held") { throw Mishap() }
                let awaited = Task(name: "awaited") {
                    await Task.yield()
                    throw Mishap()
                }
                #expect(await awaited.result.isFailure)
                #expect(await held.result.isFailure)
                await reached { !lost.isEmpty }
                #expect(lost.count == 1)
                #expect(lost.first?.task.hasSuffix("\"alone\"") == true)
            }
        }
    }
}

private struct Mishap: Error {}
private final class Witness {}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
