import MartletClient
import MartletDownloads
import MartletLoop
import MartletNet

/// Fetches files side by side, in the background, while the loop does other things.
///
///     downloads http://127.0.0.1:8080/a http://127.0.0.1:8080/b
///
/// Without arguments it serves three files itself, and fetches those.
@main
struct Background {
    static func main() async throws {
        let addresses = Array(CommandLine.arguments.dropFirst())
        if addresses.isEmpty {
            let server = try demonstrationServer()
            try await fetch(["small", "medium", "large"].map { "http://\(server.address)/\($0)" })
            await server.close(drainTime: .zero)
        } else {
            try await fetch(addresses)
        }
    }

    static func fetch(_ addresses: [String]) async throws {
        let client = HTTPClient(HTTPClientSettings())
        try await FileSystem.withTemporaryDirectory { directory in
            // They begin now; nobody waits for them yet.
            let downloads = client.download(addresses, to: directory)
            print("downloading \(addresses.count), and the loop is free for other things")
            var turns = 0
            while !downloads.isFinished {
                turns += 1
                try await Task.sleep(for: .milliseconds(1))
            }
            if turns > 10 { print("other things were done meanwhile") }
            for result in await downloads.results() {
                switch result {
                case .success(let file):
                    print("\(file.path.split(separator: "/").last ?? "") is there: \(file.size) bytes")
                case .failure(let error): print("failed: \(error)")
                }
            }
        }
        await client.shutdown()
        print("done")
    }

    /// A server with three files, the largest of which comes slowest.
    static func demonstrationServer() throws -> StreamServer {
        try StreamServer(at: try SocketAddress(parsing: "127.0.0.1:0")) { stream in
            let request = try await stream.readLine() ?? ""
            while let field = try await stream.readLine(), !field.isEmpty {}
            let size = ["/small": 1, "/medium": 10, "/large": 100][
                request.split(separator: " ").dropFirst().first ?? ""]
            guard let size else { return try await stream.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") }
            try await stream.write(
                "HTTP/1.1 200 OK\r\nContent-Length: \(size * 10_000)\r\nConnection: close\r\n\r\n")
            for _ in 0..<size {
                try await Task.sleep(for: .milliseconds(2))
                try await stream.write([UInt8](repeating: UInt8(ascii: "x"), count: 10_000))
            }
        }
    }
}
