import Glibc
import MartletLoop
import Testing

/// A daemon of one test's own: its directory, its port, its notify socket and its process.
final class Daemon {
    let settings: DaemonSettings
    let directory: TemporaryDirectory
    let notify: NotifySocket
    let program: Program
    let port: UInt16
    private let mark: String

    /// Starts a daemon, waits until it says that it is ready, and lends it to `body`. Whatever happens there, nothing
    /// of it is left afterwards.
    static func run(
        _ settings: DaemonSettings = DaemonSettings(), body: (Daemon) async throws -> Void
    ) async throws {
        let daemon = try await started(settings)
        do {
            try await body(daemon)
            try await daemon.stop()
        } catch {
            let log = daemon.program.errors
            await daemon.kill()
            throw Failure("\(error)\nthe daemon wrote:\n\(log)")
        }
        await daemon.kill()
    }

    private static func started(_ settings: DaemonSettings) async throws -> Daemon {
        var attempts = 5
        while true {
            let daemon = try Daemon(settings)
            do {
                try await daemon.becomeReady()
                return daemon
            } catch {
                let log = daemon.program.errors
                await daemon.kill()
                attempts -= 1
                // Another process was given the port meanwhile: that says nothing about the daemon.
                if attempts > 0, log.contains("\(daemon.address): address already in use") { continue }
                throw Failure("\(error)\nthe daemon wrote:\n\(log)")
            }
        }
    }

    private init(_ settings: DaemonSettings) throws {
        self.settings = settings
        let binary = try Binaries.path(settings.binary)
        directory = try TemporaryDirectory()
        port = try FreePort.choose()
        notify = try NotifySocket(path: directory.file("notify.sock"))
        mark = "MARTLET_TEST_DIRECTORY=\(directory.path)"
        try notify.start()
        let configuration = directory.file("martlet.toml")
        try TextFile.write(
            settings.configuration(address: "127.0.0.1:\(port)", control: directory.file("control.sock")),
            to: configuration)
        program = try Program(
            settings.launcher + [binary, "run", "--config", configuration],
            environment: settings.environment + [mark, "NOTIFY_SOCKET=\(notify.path)"],
            descriptors: settings.descriptors)
    }

    var pid: Int32 { program.pid }
    var address: String { "127.0.0.1:\(port)" }
    var controlSocket: String { directory.file("control.sock") }
    var configurationFile: String { directory.file("martlet.toml") }
    /// Processes of this daemon that are alive, its supervisor included.
    var processes: [Int32] { ProcessTable.processes(withVariable: mark) }
    /// The worker processes, those that are draining included.
    var workerProcesses: [Int32] { ProcessTable.children(of: pid) }

    /// Writes the configuration file anew, as `change` makes the settings; the daemon does not know of it yet.
    func reconfigure(_ change: (inout DaemonSettings) -> Void) throws {
        var changed = settings
        change(&changed)
        let text = changed.configuration(address: address, control: controlSocket)
        try TextFile.write(text, to: configurationFile)
    }

    /// Runs `martletctl` on the daemon's control socket.
    func control(_ verb: String..., within limit: Duration = .seconds(30)) async throws -> Program.Result {
        try await Program.run([try Binaries.path("martletctl"), "--socket", controlSocket] + verb, within: limit)
    }

    /// Runs `martletctl`, and throws unless it succeeds.
    func mustControl(_ verb: String..., within limit: Duration = .seconds(30)) async throws {
        let result = try await Program.run(
            [try Binaries.path("martletctl"), "--socket", controlSocket] + verb, within: limit)
        guard result.status == .exited(0) else { throw Failure("martletctl \(verb): \(result)") }
    }

    /// A GET on the control socket, by curl.
    func query(_ path: String) async throws -> JSONValue {
        let result = try await Program.run(
            ["curl", "-sS", "--fail", "--max-time", "10", "--unix-socket", controlSocket, "http://martlet\(path)"])
        guard result.status == .exited(0) else { throw Failure("GET \(path): \(result)") }
        return try JSONValue(parsing: result.output)
    }

    /// curl on the service, with these arguments before the address.
    func curl(_ path: String, _ arguments: String...) async throws -> Program.Result {
        try await Program.run(["curl", "-sS", "--max-time", "10"] + arguments + ["http://\(address)\(path)"])
    }

    /// One figure of the whole service.
    func total(_ name: String) async throws -> Double {
        guard let value = try await query("/v1/stats")["total"]?[name]?.number else {
            throw Failure("/v1/stats has no total of \(name)")
        }
        return value
    }

    /// Waits until a figure is what it is to be: what a client has seen, a worker may count in the next moment.
    func expect(_ name: String, becomes value: Double) async throws {
        var last = Double.nan
        try await eventually("\(name) is \(value), and not \(last)") {
            last = try await total(name)
            return last == value
        }
    }

    /// Waits until a figure is as large as it is to be at least.
    func expect(_ name: String, reaches value: Double) async throws {
        var last = Double.nan
        try await eventually("\(name) is \(value) at least, and not \(last)") {
            last = try await total(name)
            return last >= value
        }
    }

    /// Waits until there are exactly this many worker processes.
    func settle(on count: Int, within limit: Duration = .seconds(60)) async throws {
        try await eventually("there are \(count) workers; there are \(workerProcesses)", within: limit) {
            workerProcesses.count == count
        }
    }

    private func becomeReady() async throws {
        try await eventually("the daemon is ready", within: .seconds(20)) {
            if !program.isRunning { throw Failure("the daemon ended before it was ready") }
            return notify.messages.contains { $0["READY"] == "1" }
        }
    }

    /// Ends it as systemd would, unless the test has, and checks that it leaves nothing.
    private func stop() async throws {
        let wasRunning = program.isRunning
        try program.signal(SIGTERM)
        let result = try await program.finish(within: .seconds(30))
        if wasRunning { #expect(result.status == .exited(0), "\(result.errors)") }
        try await eventually("no process is left; there are \(processes)", within: .seconds(5)) { processes.isEmpty }
    }

    private func kill() async {
        for pid in processes { Glibc.kill(pid, SIGKILL) }
        _ = try? await program.finish(within: .seconds(5))
        notify.stop()
        directory.remove()
    }
}
