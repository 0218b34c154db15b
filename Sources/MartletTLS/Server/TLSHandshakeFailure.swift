/// Why a server's handshake came to nothing, as far as figures tell.
package nonisolated enum TLSHandshakeFailure {
    /// It was not done within its time.
    case timedOut
    /// A certificate was refused: the client's here, or the server's by the client.
    case certificate
    /// What the client sent breaks the protocol, or there is nothing that both sides speak.
    case protocolError
    /// The client went away.
    case abandoned
    /// The client spoke HTTP without TLS.
    case plainHTTP
    /// There were too many handshakes at the same time.
    case refused

    /// - Parameter error: what it ended with; `nil` when the connection was closed.
    package init(_ error: TLSError?) {
        self =
            switch error?.code {
            case nil, .truncated: .abandoned
            case .timedOut: .timedOut
            case .plainHTTP: .plainHTTP
            case .tooManyHandshakes: .refused
            case .expired, .notYetValid, .wrongHost, .selfSigned, .unknownAuthority, .revoked, .pinMismatch,
                .invalidCertificate, .certificateRequired:
                .certificate
            default: error?.alert.map(Self.isAboutCertificates) == true ? .certificate : .protocolError
            }
    }

    /// RFC 8446 §6: bad_certificate to certificate_unknown, and unknown_ca.
    private static func isAboutCertificates(_ alert: UInt8) -> Bool { (42...46).contains(alert) || alert == 48 }
}
