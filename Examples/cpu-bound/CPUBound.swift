import MartletLoop
import MartletProcessPool

/// CPU-bound work in threads and in processes, beside a loop that stays responsive.
@main
struct CPUBound {
    static func main() async throws {
        let below = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2_000_000
        let heartbeat = Heartbeat()

        let inThreads = try await gather(0..<4) { _ in try await offload { countPrimes(below: below) } }
        print("in threads: \(inThreads[0]) primes, four times; \(heartbeat.report())")

        let inProcesses = try await gather(0..<4) { _ in try await offloadProcess(CountPrimes(below: below)) }
        print("in processes: \(inProcesses[0]) primes, four times; \(heartbeat.report())")

        // A crash in a process is an error here, and nothing more.
        do {
            _ = try await offloadProcess(Crash())
        } catch let error as ProcessWorkError {
            print("a crash: \(error.status.map { "\($0)" } ?? "no status")")
        }
    }
}

nonisolated struct CountPrimes: ProcessWork {
    var below: Int

    func run() -> Int { countPrimes(below: below) }
}

nonisolated struct Crash: ProcessWork {
    func run() -> Int { fatalError("out of luck") }
}

/// The sieve of Eratosthenes.
nonisolated func countPrimes(below limit: Int) -> Int {
    guard limit > 2 else { return 0 }
    var isComposite = [Bool](repeating: false, count: limit)
    var count = 0
    for number in 2..<limit where !isComposite[number] {
        count += 1
        for multiple in stride(from: number * number, to: limit, by: number) { isComposite[multiple] = true }
    }
    return count
}

/// Beats every five milliseconds as long as the loop is free to, and notes the longest pause.
final class Heartbeat {
    private var beats = 0
    private var longestPause = Duration.zero
    private var last = EventLoop.main.time()
    private lazy var timer = LoopTimer { [unowned self] in self.beat() }

    init() {
        timer.arm(at: last)
    }

    private func beat() {
        let now = EventLoop.main.time()
        longestPause = max(longestPause, now - last)
        last = now
        beats += 1
        timer.arm(at: now + Duration.milliseconds(5))
    }

    /// What has been noted since the last report.
    func report() -> String {
        defer { (beats, longestPause) = (0, .zero) }
        let verdict = longestPause < .milliseconds(500) ? "responsive" : "not responsive (\(longestPause))"
        return "meanwhile \(beats > 0 ? "the heart beat" : "no beat"), the loop was \(verdict)"
    }
}
