import MartletLoop

/// Results in the order in which they are there, not in which they were asked for; at most three at a time.
@main
struct AsCompletedExample {
    static func main() async throws {
        let waits = [400, 100, 300, 200, 50]
        for try await wait in asCompleted(
            waits, limit: 3,
            { wait in
                try await Task.sleep(for: .milliseconds(wait))
                return wait
            })
        {
            print("\(wait) ms")
        }
    }
}
