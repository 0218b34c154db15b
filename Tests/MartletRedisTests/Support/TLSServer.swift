import MartletLoop
import MartletTLS
import RedisFixture

/// Starts a server that speaks TLS, too, and calls `body` with its URL and whom to trust.
func withTLSServer(_ body: @MainActor (String, TLSTrust) async throws -> Void) async throws {
    let made = try TLSIdentity.selfSigned(names: ["127.0.0.1", "localhost"])
    let port = try RedisServer.freePort()
    try await FileSystem.withTemporaryDirectory { directory in
        try await File.write(made.certificatesPEM, to: "\(directory)/certificate.pem")
        try await File.write(made.privateKeyPEM, to: "\(directory)/key.pem")
        let arguments = [
            "--tls-port", "\(port)", "--tls-cert-file", "\(directory)/certificate.pem", "--tls-key-file",
            "\(directory)/key.pem", "--tls-ca-cert-file", "\(directory)/certificate.pem", "--tls-auth-clients", "no",
        ]
        try await RedisServer.with(arguments) { _ in
            try await body("rediss://127.0.0.1:\(port)", .roots([made.certificate]))
        }
    }
}
