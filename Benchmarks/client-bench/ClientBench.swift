import Glibc
import MartletClient
import MartletLoop

/// Loads a server with MartletClient, and prints what it did and the CPU time it took.
///
///     client-bench get URL CALLERS SECONDS     prints {"requests": …, "errors": …, "cpu": nanoseconds}
///     client-bench body URL                    prints {"bytes": …, "cpu": nanoseconds}
@main
struct ClientBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let url = try? HTTPURL(parsing: arguments[2]) else { usage() }
        switch arguments[1] {
        case "get":
            guard arguments.count == 5, let callers = Int(arguments[3]), let seconds = Double(arguments[4]) else {
                usage()
            }
            try await Gets(url).run(callers: callers, seconds: seconds)
        case "body": try await readBody(url)
        default: usage()
        }
    }

    private static func usage() -> Never {
        print("usage: client-bench get URL CALLERS SECONDS | client-bench body URL")
        exit(2)
    }

    private static func readBody(_ url: HTTPURL) async throws {
        let client = HTTPClient()
        var bytes = 0
        for try await piece in try await client.get(url).body { bytes += piece.count }
        print("{\"bytes\": \(bytes), \"cpu\": \(cpuNanoseconds())}")
    }

    /// Of this process, all threads together.
    static func cpuNanoseconds() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return seconds * 1_000_000_000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
    }
}

/// Callers that each get the same small page over and over.
final class Gets {
    private let client = HTTPClient()
    private let request: HTTPClientRequest
    private var requests = 0
    private var errors = 0
    private var isOver = false

    init(_ url: HTTPURL) {
        request = HTTPClientRequest(.get, url)
    }

    deinit {}

    func run(callers: Int, seconds: Double) async throws {
        let tasks = (0..<callers).map { _ in Task { await self.call() } }
        try await Task.sleep(for: .milliseconds(200))
        let (before, cpu) = (requests, ClientBench.cpuNanoseconds())
        try await Task.sleep(for: .seconds(seconds))
        let (count, spent) = (requests - before, ClientBench.cpuNanoseconds() - cpu)
        isOver = true
        for task in tasks { await task.value }
        print("{\"requests\": \(count), \"errors\": \(errors), \"cpu\": \(spent)}")
    }

    private func call() async {
        while !isOver {
            do {
                let response = try await client.execute(request)
                let body = try await response.bytes()
                if response.code != 200 || body.count != 13 { errors += 1 }
            } catch {
                errors += 1
            }
            requests += 1
        }
    }
}
