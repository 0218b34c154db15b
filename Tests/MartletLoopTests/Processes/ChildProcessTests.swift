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
        #expect(await child.wait() == expected)
        #expect(child.status == expected)
        #expect(await child.wait() == expected, "asking again is answered at once")
        try child.signal(SIGTERM)
    }

    @Test("a signal reaches the child")
    func signals() async throws {
        let child = try ChildProcess.spawn(shell("sleep 60"))
        try child.signal(SIGKILL)
        #expect(await child.wait() == .signaled(SIGKILL, coreDumped: false))
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
        #expect(await child.wait() == .exited(0))
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
        #expect(await child.wait() == .exited(0))
        #expect(drain(ends[0]) == "martlet /usr")
    }

    @Test("signals that the parent blocks are not blocked in the child")
    func resetsSignals() async throws {
        let watch = try EventLoop.main.onSignal(SIGUSR2) {}
        defer { watch.cancel() }
        let child = try ChildProcess.spawn(shell("kill -USR2 $$; exit 1"))
        #expect(await child.wait() == .signaled(SIGUSR2, coreDumped: false))
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
