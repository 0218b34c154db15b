extension Daemon {
    /// Starts a daemon whose first address has TLS.
    static func runSecure(
        _ table: String, _ change: (inout DaemonSettings) -> Void = { _ in }, body: (Daemon) async throws -> Void
    ) async throws {
        var settings = DaemonSettings()
        settings.tls = table
        change(&settings)
        try await run(settings, body: body)
    }

    /// curl by TLS on the service, under the name of a host.
    func secureCurl(
        _ path: String, host: String = "localhost", trusting root: String, _ arguments: String...
    ) async throws -> Program.Result {
        let place = ["--cacert", root, "--resolve", "\(host):\(port):127.0.0.1"]
        return try await Program.run(
            ["curl", "-sS", "--max-time", "10"] + place + arguments + ["https://\(host):\(port)\(path)"])
    }

    /// What the service shows to a client that asks for a name: subject, issuer, dates, serial number.
    func shownCertificate(for name: String? = nil) async throws -> String {
        let server = name.map { ["-servername", $0] } ?? ["-noservername"]
        let script =
            "openssl s_client -connect \(address) \(server.joined(separator: " ")) </dev/null 2>/dev/null"
            + " | openssl x509 -noout -subject -serial -ext subjectAltName"
        return try await Program.run(["sh", "-c", script]).output
    }
}
