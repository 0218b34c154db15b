import Glibc
import Martlet

/// What a request's connection has agreed on, for a test to see.
struct TLSFacts: Codable {
    var pid = getpid()
    var scheme: String
    var version: String?
    var serverName: String?
    var resumed: Bool?
    /// Of the client's certificate.
    var subject: String?

    init(_ request: Request) {
        scheme = request.scheme
        guard let session = request.tls else { return }
        version = "\(session.version)"
        serverName = session.serverName
        resumed = session.isResumed
        subject = session.peerCertificate?.subject
    }
}
