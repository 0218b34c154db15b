import Glibc
import MartletLoop
import Testing

extension DebuggingTests {
    @Suite("Slow jobs")
    struct SlowJobTests {
        @Test(
            "a slow job is reported with its task, its duration and the function that was slow, and its async callers")
        func slowTask() async throws {
            let report = try await firstReport(where: { $0.culprit.hasSuffix("\"glutton\"") }) {
                Task(name: "glutton") { await callGlutton() }
            }
            #expect(report.duration >= .milliseconds(30))
            #expect(report.backtrace.contains { $0.function.contains("burnTime") }, "\(report)")
            #expect(report.backtrace.contains { $0.function.contains("callGlutton") }, "\(report)")
            #expect(!report.backtrace.contains { $0.function.contains("EventLoop.tick") }, "\(report)")
        }

        @Test("a job that waits in a system call is reported, and the call is not disturbed")
        func slowSystemCall() async throws {
            var count = 0
            let report = try await firstReport(where: { $0.culprit.hasSuffix("\"blocked\"") }) {
                Task(name: "blocked") { count = readSlowly() }
            }
            #expect(report.backtrace.contains { $0.function.contains("readSlowly") }, "\(report)")
            #expect(count == 1)
        }

        @Test("callbacks and timers are reported")
        func slowCallbacks() async throws {
            let isBurning: (SlowJob) -> Bool = { $0.backtrace.contains { $0.function.contains("burnTime") } }
            // A thread has no task-local values, which the task of a test has and which would make it a task.
            let callback = try await firstReport(where: isBurning) {
                onAnotherThread { EventLoop.callSoonThreadsafe { burnTime() } }
            }
            #expect(callback.culprit == "a callback")
            let timer = try await firstReport(where: isBurning) {
                let timer = LoopTimer { burnTime() }
                timer.arm(at: EventLoop.main.now)
            }
            #expect(timer.culprit == "timers and descriptors")
        }

        @Test("what is fast is not reported")
        func fast() async {
            await withDebugMode {
                var reports: [SlowJob] = []
                EventLoop.main.slowJobThreshold = .seconds(10)
                EventLoop.main.onSlowJob = { reports.append($0) }
                await Task { burnTime() }.value
                #expect(reports.isEmpty)
            }
        }

        private func firstReport(
            where isWanted: @escaping (SlowJob) -> Bool, _ cause: () -> Void
        ) async throws -> SlowJob {
            var report: SlowJob?
            await withDebugMode {
                EventLoop.main.slowJobThreshold = .milliseconds(10)
                EventLoop.main.onSlowJob = { if report == nil, isWanted($0) { report = $0 } }
                cause()
                await reached { report != nil }
            }
            return try #require(report)
        }
    }
}

private func callGlutton() async {
    await Task.yield()
    burnTime()
    await Task.yield()
}

@inline(never)
private func burnTime() {
    let end = EventLoop.Instant.readClock() + .milliseconds(30)
    while EventLoop.Instant.readClock() < end {}
}

@inline(never)
private func readSlowly() -> Int {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return -1 }
    let writer = ends[1]
    onAnotherThread {
        usleep(30_000)
        write(writer, "x", 1)
        close(writer)
    }
    var byte: UInt8 = 0
    defer { close(ends[0]) }
    return read(ends[0], &byte, 1)
}
