import Glibc
import MartletLoop
import MartletStore

/// Loads a store in a file, and prints what it did and the time it took.
///
///     store-bench get|set DIRECTORY CALLERS SECONDS      callers that each have one operation under way at a time
///
/// Prints {"requests": …, "errors": …, "cpu": nanoseconds, "wall": nanoseconds}.
@main
struct StoreBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let callers = Int(arguments[3]), callers > 0, let seconds = Double(arguments[4])
        else { usage() }
        let store = try await SQLiteKeyValueStore.open(arguments[2] + "/store.db")
        let load = Load(store)
        switch arguments[1] {
        case "get": try await load.run(callers: callers, seconds) { await load.get() }
        case "set": try await load.run(callers: callers, seconds) { await load.set() }
        default: usage()
        }
        await store.close()
    }

    private static func usage() -> Never {
        print("usage: store-bench get|set DIRECTORY CALLERS SECONDS")
        exit(2)
    }
}

/// Callers that do the same over and over.
final class Load {
    private let store: SQLiteKeyValueStore
    private let keys = (0..<10_000).map { StoreKey("key-\($0)") }
    private let value = StoreValue([UInt8](repeating: 0x78, count: 100))
    private var next = 0
    private var requests = 0
    private var errors = 0
    private var isOver = false

    init(_ store: SQLiteKeyValueStore) {
        self.store = store
    }

    deinit {}

    func run(callers: Int, _ seconds: Double, _ body: @escaping @MainActor () async -> Void) async throws {
        _ = try await gather(keys) { try await self.store.set($0, self.value) }
        let tasks = (0..<callers).map { _ in
            Task {
                while !self.isOver {
                    await body()
                    self.requests += 1
                    // A read that was answered on the loop has not let others have it.
                    if self.requests % 64 == 0 { await Task.yield() }
                }
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        let (before, cpu, start) = (requests, Self.cpuNanoseconds(), ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))
        let (count, spent, wall) = (requests - before, Self.cpuNanoseconds() - cpu, ContinuousClock.now - start)
        isOver = true
        for task in tasks { await task.value }
        let nanoseconds = wall.components.seconds * 1_000_000_000 + wall.components.attoseconds / 1_000_000_000
        print("{\"requests\": \(count), \"errors\": \(errors), \"cpu\": \(spent), \"wall\": \(nanoseconds)}")
    }

    private func key() -> StoreKey {
        next = (next + 7919) % keys.count
        return keys[next]
    }

    func get() async {
        do {
            if try await store.get(key())?.value.bytes.count != 100 { errors += 1 }
        } catch {
            errors += 1
        }
    }

    func set() async {
        do {
            try await store.set(key(), value)
        } catch {
            errors += 1
        }
    }

    private static func cpuNanoseconds() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000_000
            + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
    }
}
