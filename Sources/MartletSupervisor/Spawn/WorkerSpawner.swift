import CMartlet
import Glibc
import MartletLoop

/// Starts worker processes: this very program, as it was when the daemon started, with the `worker` command.
final class WorkerSpawner {
    private let executable: Int32
    private let standardInput: Int32
    private let program: String
    private let arguments: [String]
    private let environment: [String]

    /// - Throws: when the program's own file cannot be opened.
    init(program: String = CommandLine.arguments.first ?? "martlet", arguments: [String] = ["worker"])
        throws(SystemError)
    {
        self.program = program
        self.arguments = arguments
        environment = SystemdNotifier.withoutSystemdVariables(Self.environment())
        // Kept open: a file that is replaced on disk must not mix versions.
        executable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard executable >= 0 else { throw SystemError("open the program's own file", target: "/proc/self/exe") }
        standardInput = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard standardInput >= 0 else { throw SystemError("open", target: "/dev/null") }
    }

    /// A sealed memory file for the workers.
    ///
    /// - Parameter what: what it holds: `configuration`.
    static func sealedFile(_ what: String, _ bytes: [UInt8]) throws(SystemError) -> Int32 {
        let file = martlet_memfd("martlet-\(what)")
        guard file >= 0 else { throw SystemError("create memory for the \(what)", code: -file) }
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress! + offset, bytes.count - offset, offset) }
            guard written > 0 else {
                let error = SystemError("write the \(what) into memory")
                close(file)
                throw error
            }
            offset += written
        }
        let sealed = martlet_seal(file)
        guard sealed == 0 else {
            close(file)
            throw SystemError("seal the \(what)", code: -sealed)
        }
        return file
    }

    /// Starts a process that gets `descriptors` as 3, 4, 5, …
    func spawn(descriptors: [Int32], cpu: Int?, credentials: ProcessCredentials?) throws(SystemError) -> ChildProcess {
        var request = SpawnRequest(
            .descriptor(executable), arguments: [program] + arguments, environment: environment)
        request.descriptors = descriptors
        request.standardInput = standardInput
        request.credentials = credentials
        // A terminal's signals reach the supervisor, which tells the workers what to do.
        request.startsSession = true
        let child = try ChildProcess.spawn(request)
        // A matter of speed only: when the CPU is not allowed any more, the worker runs where it may.
        if let cpu { _ = martlet_set_affinity(child.pid, Int32(clamping: cpu)) }
        return child
    }

    private static func environment() -> [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }
}
