import MartletClient
import MartletDownloads
import MartletLoop

/// Mirrors files into a directory, with a progress bar; run again, it goes on where it was and fetches what is missing.
///
///     mirror DIRECTORY http://127.0.0.1:8080/a.iso http://127.0.0.1:8080/b.iso
@main
struct Mirror {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let directory = arguments.first, arguments.count > 1 else {
            return print("usage: mirror DIRECTORY URL…")
        }
        let client = HTTPClient(HTTPClientSettings())
        let downloads = client.download(Array(arguments.dropFirst()), to: directory)
        for await progress in downloads.progress { show(progress) }
        print()
        for result in await downloads.results() {
            switch result {
            case .success(let file): print("\(file.path): \(file.size) bytes, \(file.received) of them new")
            case .failure(let error): print("failed: \(error)")
            }
        }
        await client.shutdown()
    }

    static func show(_ progress: DownloadsProgress) {
        let share = progress.total.map { $0 > 0 ? Double(progress.bytes) / Double($0) : 1 } ?? 0
        let bar = String(repeating: "#", count: Int(share * 40)) + String(repeating: ".", count: 40 - Int(share * 40))
        print(
            "\r[\(bar)] \(progress.done)/\(progress.files.count) files, \(Int(progress.rate / 1024)) KiB/s",
            terminator: " ")
    }
}
