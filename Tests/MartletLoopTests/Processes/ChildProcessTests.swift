import Glibc
import MartletLoop
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    @Test(
        "exit codes and signals are told apart",
        arguments: [
            ("exit 0", TerminationStatus.exited(0)), ("exit 7", .exited(7)),
            ("kill -TERM $$", .signaled(SIGTERM, coreDumped: false)),
        ])
    func reportsStatus(script: String, expected: TerminationStatus) async throws {
        let child = try ChildProcess.spawn(shell(script))
        #expect(try await child.wait() == expected)
        #expect(child.status == expected)
        #expect(try await child.wait() == expected, "asking again is answered at once")
        try child.signal(SIGTERM)
    }

    @Test("a signal reaches the child")
    func signals() async throws {
        let child = try ChildProcess.spawn(shell("exec sleep 60"))
        try child.signal(SIGKILL)
        #expect(try await child.wait() == .signaled(SIGKILL, coreDumped: false))
    }

    @Test("descriptors become 3, 4, … whatever their numbers were here")
    func passesDescriptors() async throws {
        var first: [Int32] = [0, 0]
        var second: [Int32] = [0, 0]
        try #require(pipe(&first) == 0 && pipe(&second) == 0)
        var request = shell("printf a >&3; printf b >&4; printf c; printf d >&2")
        request.descriptors = [second[1], first[1]]
        request.standardOutput = first[1]
        request.standardError = second[1]
        let child = try ChildProcess.spawn(request)
        close(first[1])
        close(second[1])
        #expect(try await child.wait() == .exited(0))
        #expect(drain(first[0]) == "bc")
        #expect(drain(second[0]) == "ad")
    }

    @Test("environment and working directory are those of the request")
    func setsSurroundings() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var request = shell("printf %s \"$WORD $PWD\"")
        request.environment = ["WORD=martlet"]
        request.workingDirectory = "/usr"
        request.standardOutput = ends[1]
        let child = try ChildProcess.spawn(request)
        close(ends[1])
        #expect(try await child.wait() == .exited(0))
        #expect(drain(ends[0]) == "martlet /usr")
    }

    @Test("signals that the parent blocks are not blocked in the child")
    func resetsSignals() async throws {
        let watch = try EventLoop.main.onSignal(SIGUSR2) {}
        defer { watch.cancel() }
        let child = try ChildProcess.spawn(shell("kill -USR2 $$; exit 1"))
        #expect(try await child.wait() == .signaled(SIGUSR2, coreDumped: false))
    }

    @Test(
        "what cannot start says why",
        arguments: [
            ("/nowhere/program", nil, "cannot execute /nowhere/program: no such file or directory"),
            ("/bin/sh", "/nowhere", "cannot start /bin/sh in /nowhere: no such file or directory"),
            ("/etc/passwd", nil, "cannot execute /etc/passwd: permission denied"),
        ] as [(String, String?, String)])
    func reportsFailure(path: String, directory: String?, message: String) {
        var request = SpawnRequest(.path(path), arguments: [path])
        request.workingDirectory = directory
        let error = #expect(throws: SystemError.self) { try ChildProcess.spawn(request) }
        #expect(error?.description == message)
    }

    @Test("waiting can be cancelled, and the child goes on")
    func waitIsCancellable() async throws {
        let child = try ChildProcess.spawn(shell("exec sleep 60"))
        let other = Task.immediate { try await child.wait() }
        let waiting = Task.immediate { try await child.wait() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(child.status == nil)
        try child.signal(SIGKILL)
        #expect(try await other.value == .signaled(SIGKILL, coreDumped: false))
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test("a signal to the leader of a group reaches its children, and the group ends with it")
    func signalsGroups() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        // The shell's child ignores TERM and holds the pipe open: its end shows that it was killed.
        var request = shell("(trap '' TERM; echo ready; sleep 60) & echo ready; wait")
        request.standardOutput = ends[1]
        request.startsGroup = true
        let child = try ChildProcess.spawn(request)
        close(ends[1])
        var received = 0
        var bytes = [UInt8](repeating: 0, count: 64)
        while received < 12 {
            try await readable(ends[0])
            received += read(ends[0], &bytes, bytes.count)
        }
        #expect(getpgid(child.pid) == child.pid)
        try child.signal(SIGTERM)
        #expect(try await child.wait() == .signaled(SIGTERM, coreDumped: false))
        try await readable(ends[0])
        #expect(read(ends[0], &bytes, bytes.count) == 0)
    }

    @Test(
        "a zero byte is refused before anything starts",
        arguments: ["argument", "environment", "directory", "path", "nothing"])
    func refusesZeroBytes(place: String) {
        var request = shell("exit 0")
        switch place {
        case "argument": request.arguments.append("a\0b")
        case "environment": request.environment = ["A=\0"]
        case "directory": request.workingDirectory = "/\0"
        case "path": request.executable = .path("/bin/sh\0")
        default: request.arguments = []
        }
        let error = #expect(throws: SystemError.self) { try ChildProcess.spawn(request) }
        #expect(error?.code == EINVAL)
    }

    private func shell(_ script: String) -> SpawnRequest {
        SpawnRequest(.path("/bin/sh"), arguments: ["sh", "-c", script])
    }

    private func drain(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        close(descriptor)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
