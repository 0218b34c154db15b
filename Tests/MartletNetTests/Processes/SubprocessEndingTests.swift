import Glibc
import MartletLoop
import MartletNet
import Testing

@Suite("Ending subprocesses")
struct SubprocessEndingTests {
    @Test("leaving the scope ends the program, however it is left", arguments: ["return", "throw", "cancel"])
    func endsWithTheScope(how: String) async throws {
        struct Failure: Error {}
        var pid: Int32 = 0
        let task = Task {
            try await withSubprocess(["sleep", "60"]) { process in
                pid = process.pid
                if how == "throw" { throw Failure() }
                if how == "cancel" {
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await process.wait()
                }
            }
        }
        switch (how, await task.result) {
        case ("return", .success), ("throw", .failure(is Failure)), ("cancel", .failure(is CancellationError)): break
        case (_, let result): Issue.record("\(how) came to \(result)")
        }
        #expect(isGone(pid))
    }

    @Test("one that ignores TERM is killed after the grace period, not before")
    func killsTheStubborn() async throws {
        let start = EventLoop.Instant.readClock()
        let process = try await withSubprocess(
            .shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"), standardOutput: .pipe,
            gracePeriod: .milliseconds(100)
        ) { process in
            _ = try await process.standardOutput.readLine()
            return process
        }
        #expect(process.status == .signaled(SIGKILL, coreDumped: false))
        #expect(EventLoop.Instant.readClock() - start >= .milliseconds(100))
    }

    @Test("one that is stopped is ended, too")
    func endsTheStopped() async throws {
        let process = try await withSubprocess(["sleep", "60"], gracePeriod: .milliseconds(20)) { process in
            try process.signal(SIGSTOP)
            // Of two signals that are pending, the kernel delivers TERM before STOP.
            #expect(await eventually { isStopped(process.pid) })
            return process
        }
        #expect(process.status == .signaled(SIGKILL, coreDumped: false))
    }

    @Test("one that cleans up within the grace period ends in its own way")
    func letsItCleanUp() async throws {
        let process = try await withSubprocess(
            .shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done"), standardOutput: .pipe
        ) { process in
            _ = try await process.standardOutput.readLine()
            return process
        }
        #expect(process.status == .exited(3))
    }

    @Test("a cancelled run ends its program and closes its descriptors, wherever it was suspended")
    func cancelsRuns() async throws {
        let marker = "88\(getpid())"
        let before = openPipes()
        // The program reads nothing, so that all of writing, reading and waiting are under way at last.
        for turns in 0..<60 {
            let task = Task.immediate {
                try await Subprocess.run(
                    .shell("echo started; exec sleep \(marker)"), input: [UInt8](repeating: 0, count: 300_000))
            }
            for _ in 0..<turns { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(!isRunning(marker))
        // Other tests run beside this one; a leak would be 60 at least.
        #expect(await eventually { openPipes() - before < 30 })
    }

    @Test("a time limit ends it")
    func timesOut() async throws {
        let start = EventLoop.Instant.readClock()
        await #expect(throws: TimeoutError.self) {
            try await withTimeout(.milliseconds(20)) { try await Subprocess.run(["sleep", "60"]) }
        }
        #expect(EventLoop.Instant.readClock() - start < .seconds(50))
    }

    @Test("with a group, what a shell has started ends with it")
    func endsGroups() async throws {
        let marker = "77\(getpid())"
        let script = "sleep \(marker) & sleep \(marker) & wait"
        let task = Task.immediate { try await Subprocess.run(.shell(script, startsGroup: true)) }
        #expect(await eventually { isRunning(marker) })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // These are not our own children: they are ended by a signal, but it is not ours to wait for that.
        #expect(await eventually { !isRunning(marker) })
        let output = try await Subprocess.run(.shell("sleep \(marker) & echo started", startsGroup: true))
        #expect(output.text == "started\n")
        #expect(await eventually { !isRunning(marker) })
    }

    @Test("virtual time stands still while a program is waited for, and a grace period is real")
    func virtualTimeWaits() async throws {
        try await withVirtualClock { _ in
            let output = try await withTimeout(.milliseconds(1)) {
                try await Subprocess.run(.shell("sleep 0.05; echo done"))
            }
            #expect(output.text == "done\n")
            let process = try await withSubprocess(
                .shell("trap '' TERM; echo; while :; do sleep 0.01; done"), standardOutput: .pipe,
                gracePeriod: .milliseconds(50)
            ) { process in
                _ = try await process.standardOutput.readLine()
                return process
            }
            #expect(process.status == .signaled(SIGKILL, coreDumped: false))
        }
    }

    private func isGone(_ pid: Int32) -> Bool {
        kill(pid, 0) < 0 && errno == ESRCH
    }

    private func isStopped(_ pid: Int32) -> Bool {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        // "4711 (sleep) T …"
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).contains(") T ")
    }

    /// Whether a `sleep` with this argument runs anywhere on the machine.
    private func isRunning(_ marker: String) -> Bool {
        guard let directory = opendir("/proc") else { return false }
        defer { closedir(directory) }
        let wanted = Array("sleep\0\(marker)\0".utf8)
        while let entry = readdir(directory) {
            let pid = withUnsafePointer(to: &entry.pointee.d_name.0) { atoi($0) }
            guard pid > 0 else { continue }
            let file = open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(file, &bytes, bytes.count)
            close(file)
            if bytes.prefix(max(0, count)).elementsEqual(wanted) { return true }
        }
        return false
    }
}
