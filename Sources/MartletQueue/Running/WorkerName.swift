import Glibc

/// What a process that runs jobs is called, in the queue and for people.
nonisolated enum WorkerName {
    /// `machine/pid/chance`
    static func make() -> String {
        var name = [CChar](repeating: 0, count: 65)
        let known = gethostname(&name, name.count - 1) == 0
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let host = known && !bytes.isEmpty ? String(decoding: bytes, as: UTF8.self) : "localhost"
        return "\(host)/\(getpid())/\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }
}
