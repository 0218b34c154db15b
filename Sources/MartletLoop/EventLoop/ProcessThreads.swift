import Glibc

/// The threads of this process.
nonisolated enum ProcessThreads {
    /// How many there are (man 5 proc); `Int.max` when the system does not say, so that nothing is concluded from it.
    static var count: Int {
        guard let directory = opendir("/proc/self/task") else { return .max }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != UInt8(ascii: ".") { count += 1 }
        }
        return count
    }
}
