import Glibc
import MartletLoop

/// A program that a test started. What it prints goes to files without a name, so that it never waits for a reader.
final class Program {
    /// What a program that has ended leaves.
    struct Result: CustomStringConvertible {
        let status: TerminationStatus
        let output: String
        let errors: String

        var description: String { "\(status)\nstandard output: \(output)\nstandard error: \(errors)" }
    }

    let command: [String]
    private let child: ChildProcess
    private let outputFile: Int32
    private let errorFile: Int32

    /// Starts `command`, whose first word is looked up in PATH. It does not outlive this process.
    ///
    /// - Parameters:
    ///   - environment: `NAME=VALUE` that is added to, or replaces part of, this process's own.
    ///   - descriptors: become 3, 4, 5, …
    init(_ command: [String], environment: [String] = [], descriptors: [Int32] = []) throws {
        self.command = command
        outputFile = try Self.namelessFile()
        errorFile = try Self.namelessFile()
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        var request = SpawnRequest(
            .path("/usr/bin/env"), arguments: ["env"] + command, environment: Self.environment(adding: environment))
        request.descriptors = descriptors
        request.standardInput = null
        request.standardOutput = outputFile
        request.standardError = errorFile
        request.parentDeathSignal = SIGKILL
        child = try ChildProcess.spawn(request)
    }

    isolated deinit {
        close(outputFile)
        close(errorFile)
    }

    /// Runs a command to its end.
    static func run(
        _ command: [String], environment: [String] = [], within limit: Duration = .seconds(60)
    ) async throws -> Result {
        let program = try Program(command, environment: environment)
        do {
            return try await program.finish(within: limit)
        } catch {
            try? program.signal(SIGKILL)
            throw error
        }
    }

    var pid: Int32 { child.pid }
    var isRunning: Bool { child.status == nil }
    var output: String { TextFile.read(descriptor: outputFile) ?? "" }
    var errors: String { TextFile.read(descriptor: errorFile) ?? "" }

    func signal(_ number: Int32) throws {
        try child.signal(number)
    }

    /// Waits for the end.
    func finish(within limit: Duration = .seconds(60)) async throws -> Result {
        try await eventually("\(command.joined(separator: " ")) ends; it wrote: \(errors)", within: limit) {
            !isRunning
        }
        guard let status = child.status else { throw Failure("\(command[0]) has no status") }
        return Result(status: status, output: output, errors: errors)
    }

    private static func namelessFile() throws -> Int32 {
        var template = Array("/tmp/martlet-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Failure("cannot make a temporary file: errno \(errno)") }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func environment(adding extra: [String]) -> [String] {
        // What systemd, or somebody's shell, tells the process that runs the tests is not meant for those that they
        // start.
        var hidden: Set<Substring> = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "JOURNAL_STREAM"]
        hidden.formUnion(extra.compactMap { $0.split(separator: "=", maxSplits: 1).first })
        var inherited: [String] = []
        var next = environ
        while let entry = next.pointee {
            let variable = String(cString: entry)
            if let name = variable.split(separator: "=", maxSplits: 1).first, !hidden.contains(name),
                !name.hasPrefix("MARTLET_")
            {
                inherited.append(variable)
            }
            next += 1
        }
        return inherited + extra
    }
}
