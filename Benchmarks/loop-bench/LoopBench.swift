import Glibc
import MartletLoop

/// The side of `Benchmarks/loop` that is measured. `loop-bench rows NAME=N…` prints a line `name figure` for each row;
/// `loop-bench serve KIND PORT|PATH` is an echo server until SIGTERM, and says `ready` once it listens.
/// `Benchmarks/support/loop_peer.py` does the same in asyncio.
@main
struct LoopBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "rows": try await printRows(arguments.dropFirst())
        case "serve" where arguments.count == 3: try await serve(arguments[2], at: arguments[3])
        default:
            print("usage: loop-bench rows NAME=N… | loop-bench serve KIND PORT|PATH")
            exit(2)
        }
    }

    private static func printRows(_ words: some Sequence<String>) async throws {
        for word in words {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let count = Int(parts[1]), let row = Row.named(String(parts[0])) else {
                print("no such row, or no number of operations: \(word)")
                exit(2)
            }
            print(row.name, try await row.figure(count))
        }
    }
}
