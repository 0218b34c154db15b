import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix

/// Loads a server with AsyncHTTPClient on one event loop, and prints what it did and the CPU time it took:
/// asynchttpclient-peer URL CALLERS SECONDS
@main
struct AsyncHTTPClientPeer {
    actor Tally {
        var requests = 0
        var errors = 0
        var isOver = false

        func count(isGood: Bool) -> Bool {
            requests += 1
            if !isGood { errors += 1 }
            return !isOver
        }

        func end() { isOver = true }
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let callers = Int(arguments[2]), let seconds = Double(arguments[3]) else { exit(2) }
        let url = arguments[1]
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = callers
        let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<callers {
                tasks.addTask {
                    let request = HTTPClientRequest(url: url)
                    var goesOn = true
                    while goesOn {
                        let response = try await client.execute(request, timeout: .seconds(30))
                        let body = try await response.body.collect(upTo: 1 << 20)
                        goesOn = await tally.count(isGood: response.status == .ok && body.readableBytes == 13)
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            let (before, cpu) = (await tally.requests, cpuNanoseconds())
            try await Task.sleep(for: .seconds(seconds))
            let (count, spent) = (await tally.requests - before, cpuNanoseconds() - cpu)
            let errors = await tally.errors
            await tally.end()
            print("{\"requests\": \(count), \"errors\": \(errors), \"cpu\": \(spent)}")
            try await tasks.waitForAll()
        }
        try await client.shutdown()
    }

    static func cpuNanoseconds() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return seconds * 1_000_000_000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
    }
}
