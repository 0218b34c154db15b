import Glibc
import MartletLoop

/// What the kernel tells about a process in /proc/PID (man 5 proc).
public nonisolated struct ProcessFacts: Equatable, Sendable {
    /// The state's letter: `R`, `S`, `D`, `T` (stopped), `Z` (ended, not yet reaped).
    public let state: Character
    /// CPU time in user mode, in steps of a clock tick (10 ms).
    public let userMicroseconds: UInt64
    /// CPU time in the kernel, in steps of a clock tick (10 ms).
    public let systemMicroseconds: UInt64
    /// Threads.
    public let threads: Int
    /// Resident memory, shared pages included.
    public let residentBytes: UInt64
    /// Resident memory of this process alone; `nil` unless asked for, or when the kernel does not tell.
    public let privateBytes: UInt64?
    /// Open descriptors; `nil` unless asked for, or when the kernel does not tell.
    public let openDescriptors: Int?

    /// Reads the facts; works on a zombie too, whose CPU times are then final.
    ///
    /// With `thoroughly`, counts private memory and descriptors too, which costs some 100 µs more.
    ///
    /// - Returns: `nil` when there is no such process.
    public static func read(pid: Int32, thoroughly: Bool = false, files: HostFiles = .system) -> ProcessFacts? {
        guard let stat = files["/proc/\(pid)/stat"] else { return nil }
        return ProcessFacts(
            stat: stat, privateMemory: thoroughly ? files["/proc/\(pid)/smaps_rollup"] : nil,
            openDescriptors: thoroughly ? countEntries("/proc/\(pid)/fd") : nil)
    }

    init?(
        stat: String, privateMemory: String?, openDescriptors: Int?,
        ticksPerSecond: Int = sysconf(Int32(_SC_CLK_TCK)), pageSize: Int = sysconf(Int32(_SC_PAGESIZE))
    ) {
        // The name is in parentheses and may contain anything, parentheses too.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let state = fields[0].first, ticksPerSecond > 0,
            let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let threads = Int(fields[17]), let pages = UInt64(fields[21])
        else { return nil }
        let tick = UInt64(1_000_000 / ticksPerSecond)
        self.state = state
        userMicroseconds = user &* tick
        systemMicroseconds = system &* tick
        self.threads = threads
        residentBytes = pages &* UInt64(clamping: pageSize)
        privateBytes = privateMemory.flatMap(Self.privateBytes)
        self.openDescriptors = openDescriptors
    }

    /// The sum of `Private_Clean` and `Private_Dirty`.
    static func privateBytes(_ rollup: String) -> UInt64? {
        let kilobytes = rollup.split(separator: "\n").compactMap { line -> UInt64? in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 2, fields[0] == "Private_Clean:" || fields[0] == "Private_Dirty:" else { return nil }
            return UInt64(fields[1])
        }
        return kilobytes.isEmpty ? nil : kilobytes.reduce(0, &+) &* 1024
    }

    private static func countEntries(_ path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_type != UInt8(DT_DIR) { count += 1 }
        }
        return count
    }
}

extension WorkerStatistics {
    /// Writes a process's facts into its block. CPU times only rise, whatever the facts say.
    public nonisolated func record(_ facts: ProcessFacts) {
        process.raise(.userMicroseconds, to: facts.userMicroseconds)
        process.raise(.systemMicroseconds, to: facts.systemMicroseconds)
        process.set(.residentBytes, facts.residentBytes)
        if let bytes = facts.privateBytes { process.set(.privateBytes, bytes) }
        if let count = facts.openDescriptors { process.set(.openDescriptors, UInt64(count)) }
    }
}
