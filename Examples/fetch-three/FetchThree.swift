import Glibc
import MartletClient
import MartletLoop

/// Fetches files side by side in the background, while the loop does other work:
///
///     fetch-three http://127.0.0.1:8080/a http://127.0.0.1:8080/b http://127.0.0.1:8080/c
@main
struct FetchThree {
    static func main() async throws {
        let urls = CommandLine.arguments.dropFirst().compactMap { try? HTTPURL(parsing: $0) }
        guard !urls.isEmpty, urls.count == CommandLine.arguments.count - 1 else {
            print("usage: fetch-three URL...")
            exit(2)
        }
        let client = HTTPClient()
        let work = Task { await otherWork() }
        print("fetching \(urls.count), and the loop is free for other things")
        for try await (url, bytes) in asCompleted(urls, { url in (url, try await size(of: url, client)) }) {
            print("\(url.path) is there: \(bytes) bytes")
        }
        work.cancel()
        let turns = await work.value
        print(turns > 0 ? "and other work went on" : "nothing else was done")
        await client.shutdown()
    }

    /// The body in pieces: never more than one of them is held.
    static func size(of url: HTTPURL, _ client: HTTPClient) async throws -> Int {
        var bytes = 0
        for try await piece in try await client.get(url).requireSuccess().body { bytes += piece.count }
        return bytes
    }

    static func otherWork() async -> Int {
        var turns = 0
        while !Task.isCancelled {
            turns += 1
            try? await Task.sleep(for: .milliseconds(1))
        }
        return turns
    }
}
