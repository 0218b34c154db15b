import Martlet

/// CPU-bound work for requests, in threads and in processes, while the worker goes on answering others.
///
/// `GET /primes/threads/5000000` counts in a thread of the worker: cheap to begin, but a crash there takes the worker
/// along. `GET /primes/processes/5000000` counts in a process of its own.
@main
struct CPUBoundHTTP: Application {
    static func routes(_ router: Router) {
        router.get("/ping") { _ in "pong" }
        router.get("/primes/threads/{below:int}") { request in
            let below = try limit(of: request)
            return Count(primes: try await offload { countPrimes(below: below) })
        }
        router.get("/primes/processes/{below:int}") { request in
            Count(primes: try await offloadProcess(CountPrimes(below: try limit(of: request))))
        }
    }

    /// Whoever may ask for work of any size may ask for too much.
    private static func limit(of request: Request) throws -> Int {
        let below: Int = try request.parameters.value("below")
        guard (0...100_000_000).contains(below) else {
            throw HTTPError(.unprocessableContent, "primes are counted below 100,000,000 at most")
        }
        return below
    }
}

nonisolated struct Count: Codable {
    var primes: Int
}

nonisolated struct CountPrimes: ProcessWork {
    var below: Int

    func run() -> Int { countPrimes(below: below) }
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
