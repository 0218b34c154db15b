import Glibc
import MartletLoop

/// What a process that runs jobs is called, in the queue and for people.
nonisolated enum WorkerName {
    /// `machine/pid/chance`
    static func make() -> String { "\(host())/\(getpid())/\(String(UInt64.random(in: 0 ... .max), radix: 36))" }

    private static func host() -> String {
        var name = [CChar](repeating: 0, count: 65)
        let known = gethostname(&name, name.count - 1) == 0
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return known && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : "localhost"
    }

    /// Whether the process of a name is surely gone: nobody can tell of one on another machine.
    ///
    /// - Parameter patience: how long to wait for it to be. One that has crashed is there until its parent has noticed.
    static func isGone(_ name: String, within patience: Duration = .seconds(2)) async throws -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == host(), let process = pid_t(parts[1]), process > 1 else { return false }
        let end = ContinuousClock.now + patience
        while kill(process, 0) == 0 || errno != ESRCH {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(20), clock: .eventLoop)
        }
        return true
    }
}
