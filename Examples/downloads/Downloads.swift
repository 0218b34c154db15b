import MartletLoop
import MartletNet

/// Downloads in the background while the loop does other things: plain HTTP over streams.
///
///     downloads http://127.0.0.1:8080/a http://127.0.0.1:8080/b
///
/// Without arguments it serves three pages itself, and downloads those.
@main
struct Downloads {
    static func main() async throws {
        let addresses = Array(CommandLine.arguments.dropFirst())
        if addresses.isEmpty {
            let server = try demonstrationServer()
            let pages = ["small", "medium", "large"].map { "http://\(server.address)/\($0)" }
            await download(pages)
            await server.close(drainTime: .zero)
        } else {
            await download(addresses)
        }
    }

    static func download(_ addresses: [String]) async {
        let downloads = TaskScope { print("failed: \($0.cause)") }
        for address in addresses {
            downloads.spawn(name: address) {
                let page = try await withTimeout(.seconds(30), for: address) { try await fetch(address) }
                print("\(address.split(separator: "/").last ?? "") is there: \(page.count) bytes")
            }
        }
        print("downloading \(downloads.count), and the loop is free for other things")
        await downloads.drain()
        print("done")
    }

    /// What an address of the form `http://host:port/path` leads to.
    static func fetch(_ address: String) async throws -> [UInt8] {
        let url = try Address(address)
        return try await withConnection(host: url.host, port: url.port) { stream in
            try await stream.write("GET \(url.path) HTTP/1.0\r\nHost: \(url.host)\r\n\r\n")
            let status = try await stream.readLine() ?? ""
            guard status.split(separator: " ").dropFirst().first == "200" else {
                throw Failure(message: "\(address): the server says \"\(status)\"")
            }
            while let field = try await stream.readLine(), !field.isEmpty {}
            return try await stream.readToEnd(limit: 64 << 20)
        }
    }

    /// A server with three pages, the largest of which comes slowest.
    static func demonstrationServer() throws -> StreamServer {
        try StreamServer(at: try SocketAddress(parsing: "127.0.0.1:0")) { stream in
            let request = try await stream.readLine() ?? ""
            while let field = try await stream.readLine(), !field.isEmpty {}
            let size = ["/small": 1, "/medium": 10, "/large": 100][
                request.split(separator: " ").dropFirst().first ?? ""]
            guard let size else { return try await stream.write("HTTP/1.0 404 Not Found\r\n\r\n") }
            try await stream.write("HTTP/1.0 200 OK\r\n\r\n")
            for _ in 0..<size {
                try await Task.sleep(for: .milliseconds(2))
                try await stream.write([UInt8](repeating: UInt8(ascii: "x"), count: 10_000))
            }
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}

/// The parts of an address that this example understands.
struct Address {
    let host: String
    let port: UInt16
    let path: String

    init(_ text: String) throws {
        guard text.hasPrefix("http://") else { throw Failure(message: "\"\(text)\" does not begin with http://") }
        let parts = text.dropFirst("http://".count).split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let authority = parts[0].split(separator: ":", maxSplits: 1)
        guard let host = authority.first, let port = authority.count > 1 ? UInt16(authority[1]) : 80 else {
            throw Failure(message: "\"\(text)\" has no host, or a port that is no number")
        }
        self.host = String(host)
        self.port = port
        path = "/" + (parts.count > 1 ? parts[1] : "")
    }
}
