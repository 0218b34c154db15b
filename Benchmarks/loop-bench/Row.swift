import Glibc

/// What is measured, by the name that both sides of the benchmark know it by.
struct Row {
    let name: String
    /// Does so many operations, and says what one costs.
    let figure: (Int) async throws -> Double

    /// A row that counts nanoseconds of the process's CPU time for each operation, after a warm-up of a tenth.
    ///
    /// - Parameters:
    ///   - name: what both sides call it.
    ///   - body: does as many operations as it is told.
    init(_ name: String, _ body: @escaping (Int) async throws -> Void) {
        self.init(
            name,
            measuring: { count in
                try await body(max(count / 10, 1))
                let began = Self.processNanoseconds()
                try await body(count)
                return Double(Self.processNanoseconds() - began) / Double(count)
            })
    }

    /// A row that counts something else.
    init(_ name: String, measuring figure: @escaping (Int) async throws -> Double) {
        self.name = name
        self.figure = figure
    }

    static func named(_ name: String) -> Row? {
        (core + timers + synchronization + tasks + memory).first { $0.name == name }
    }

    private static func processNanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
