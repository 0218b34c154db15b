import Glibc
import Martlet
import MartletTLS

/// A port that speaks TLS beside the one that does not, where the environment names it: MARTLET_BENCH_TLS_PORT, and
/// MARTLET_BENCH_TLS_PEM with the path of a certificate and its key.
enum SecondPort {
    private static var server: HTTPServer?

    static func open(_ worker: Worker) async throws {
        guard let port = variable("MARTLET_BENCH_TLS_PORT"), let path = variable("MARTLET_BENCH_TLS_PEM") else {
            return
        }
        let pem = try await File.read(path)
        let identity = try TLSIdentity(certificates: pem, privateKey: pem, certificateSource: path, keySource: path)
        let router = Router()
        BenchServer.routes(router)
        var settings = HTTPServerSettings()
        settings.connectionLimit = 20_000
        settings.idleTimeout = .seconds(600)
        let server = HTTPServer(router: router, settings: settings)
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:\(port)"), options: ListenOptions())
        try server.listen(on: socket, tls: TLSServerContext(TLSServerSettings(identities: [identity])))
        self.server = server
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
