import Glibc
import MartletLoop

/// The programs that lie beside these tests, or among the programs that they drive.
enum TestScript {
    /// The absolute path of one of them.
    static func path(_ name: String) -> String { root + "/EndToEnd/" + name }

    /// Runs the checks of one of the clients in Tests/Programs/clients, in the environment that `make test-packages`
    /// has made for them.
    static func runClient(_ name: String, _ arguments: String...) async throws -> Program.Result {
        let client = try startClient(name, arguments)
        do {
            return try await client.finish(within: .seconds(90))
        } catch {
            try? client.signal(SIGKILL)
            throw error
        }
    }

    /// Starts one of those clients, or a server that lies among them.
    static func startClient(_ name: String, _ arguments: [String]) throws -> Program {
        let python = root + "/../.build/python/bin/python"
        return try Program(
            [python, root + "/Programs/clients/" + name] + arguments,
            environment: ["PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1"])
    }

    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")
}
