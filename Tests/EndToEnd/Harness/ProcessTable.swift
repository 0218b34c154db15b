/// What /proc says (man 5 proc).
enum ProcessTable {
    /// `R` running, `S` sleeping, `T` stopped, `Z` ended but not yet reaped; `nil` when there is no such process.
    static func state(of pid: Int32) -> Character? {
        afterName(of: pid)?.first?.first
    }

    static func exists(_ pid: Int32) -> Bool {
        guard let state = state(of: pid) else { return false }
        return state != "Z" && state != "X"
    }

    static func children(of parent: Int32) -> [Int32] {
        all.filter { afterName(of: $0)?.dropFirst().first.flatMap { Int32($0) } == parent && exists($0) }.sorted()
    }

    static func threads(of pid: Int32) -> Int? {
        field("Threads", in: "/proc/\(pid)/status")
    }

    /// Resident and private memory, in KiB.
    static func memory(of pid: Int32) -> (resident: Int, private: Int)? {
        let path = "/proc/\(pid)/smaps_rollup"
        guard let resident = field("Rss", in: path), let clean = field("Private_Clean", in: path),
            let dirty = field("Private_Dirty", in: path)
        else { return nil }
        return (resident, clean + dirty)
    }

    /// CPU time that the process's main thread has used.
    static func processorTime(of pid: Int32) -> Duration? {
        TextFile.read("/proc/\(pid)/schedstat")?.split(separator: " ").first
            .flatMap { Int64($0) }.map { .nanoseconds($0) }
    }

    /// Processes that were started with this variable, `NAME=VALUE`, in their environment.
    static func processes(withVariable variable: String) -> [Int32] {
        all.filter { pid in
            exists(pid)
                && TextFile.read("/proc/\(pid)/environ")?.split(separator: "\0").contains { $0 == variable } ?? false
        }
    }

    private static var all: [Int32] { TextFile.names(in: "/proc").compactMap { Int32($0) } }

    /// The fields of /proc/PID/stat from the state on: a program's name may contain anything.
    private static func afterName(of pid: Int32) -> [Substring]? {
        guard let line = TextFile.read("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        return line[end...].dropFirst(2).split(separator: " ")
    }

    private static func field(_ name: String, in path: String) -> Int? {
        TextFile.read(path)?.split(separator: "\n").first { $0.hasPrefix("\(name):") }?
            .split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }
}
