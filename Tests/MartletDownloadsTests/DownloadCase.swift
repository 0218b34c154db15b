import MartletClient
import MartletDownloads
import MartletLoop
import Testing

/// A server, a client and a directory of one test's own.
final class DownloadCase {
    let server: OriginServer
    let client: HTTPClient
    let directory: String
    var options = DownloadOptions()

    /// Lends them to `body`, and looks afterwards that nothing is left that should not be.
    static func run(_ content: [UInt8] = bytes(100_000), _ body: @MainActor (DownloadCase) async throws -> Void)
        async throws
    {
        try await FileSystem.withTemporaryDirectory(in: "/dev/shm") { directory in
            let server = try OriginServer(content)
            let fixture = DownloadCase(server, directory: directory)
            do { try await body(fixture) } catch {
                await fixture.end()
                throw error
            }
            await fixture.end()
        }
    }

    private init(_ server: OriginServer, directory: String) {
        self.server = server
        self.directory = directory
        client = HTTPClient(HTTPClientSettings())
        options.backoff = .none
        options.checkpointInterval = .zero
        options.smallestSegment = 10_000
        options.segments = 1
    }

    deinit {}

    private func end() async {
        await client.shutdown()
        await server.close()
    }

    func fetch(_ path: String = "/file.bin", checksum: Checksum? = nil) async throws -> DownloadedFile {
        try await client.download(
            DownloadItem(server.url(path), checksum: checksum), to: directory, options: options)
    }

    /// Fetches what is to fail.
    func failure(_ path: String = "/file.bin", checksum: Checksum? = nil) async -> DownloadError? {
        await #expect(throws: DownloadError.self) { try await fetch(path, checksum: checksum) }
    }

    func content(_ name: String = "file.bin") async throws -> [UInt8] {
        try await File.read(directory + "/" + name)
    }

    /// The names in the directory.
    func names() async throws -> [String] {
        var names: [String] = []
        for try await entry in FileSystem.entries(of: directory) { names.append(entry.name) }
        return names.sorted()
    }
}
