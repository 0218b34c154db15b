/// The programs that lie beside these tests, or among the programs that they drive.
enum TestScript {
    /// The absolute path of one of them.
    static func path(_ name: String) -> String { root + "/EndToEnd/" + name }

    /// Runs the checks of one of the clients in Tests/Programs/clients, in the environment that `make test-packages`
    /// has made for them.
    static func runClient(_ name: String, _ address: String) async throws -> Program.Result {
        let python = root + "/../.build/python/bin/python"
        return try await Program.run(
            [python, root + "/Programs/clients/" + name, address], environment: ["PYTHONDONTWRITEBYTECODE=1"],
            within: .seconds(60))
    }

    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")
}
