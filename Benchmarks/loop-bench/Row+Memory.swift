import Glibc

extension Row {
    static let memory = [Row("sleeping task", measuring: sleepingTasks)]

    /// Bytes of private memory for each of so many tasks that sleep.
    private static func sleepingTasks(_ count: Int) async throws -> Double {
        let before = try privateBytes()
        let tasks = (0..<count).map { _ in Task { try await Task.sleep(for: .seconds(3600)) } }
        try await Task.sleep(for: .milliseconds(100))
        let after = try privateBytes()
        for task in tasks {
            task.cancel()
        }
        for task in tasks {
            _ = await task.result
        }
        return Double(after - before) / Double(count)
    }

    /// The memory that is this process's alone (man 5 proc, smaps_rollup).
    private static func privateBytes() throws -> Int {
        guard let file = fopen("/proc/self/smaps_rollup", "r") else { throw Unreadable(code: errno) }
        defer { fclose(file) }
        var total = 0
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .split(separator: " ")
            guard words.count > 1, words[0] == "Private_Clean:" || words[0] == "Private_Dirty:" else { continue }
            total += (Int(words[1]) ?? 0) * 1024
        }
        return total
    }

    private struct Unreadable: Error {
        let code: Int32
    }
}
