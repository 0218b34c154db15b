import CTLS

extension TLSLayer {
    /// Asks the engine what was agreed on.
    static func session(of engine: OpaquePointer) -> TLSSession {
        var length: UInt32 = 0
        let name = ctls_engine_protocol(engine, &length)
        let applicationProtocol = name.map {
            String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
        }
        return TLSSession(
            version: TLSVersion(rawValue: ctls_engine_version(engine)),
            cipherSuite: ctls_engine_cipher_suite(engine).map { String(cString: $0) } ?? "",
            applicationProtocol: applicationProtocol,
            serverName: ctls_engine_server_name(engine).map { String(cString: $0) },
            isResumed: ctls_engine_is_resumed(engine), peerCertificates: certificates(of: engine))
    }

    private static func certificates(of engine: OpaquePointer) -> [TLSCertificate] {
        var certificates: [TLSCertificate] = []
        for index in 0..<ctls_engine_certificate_count(engine) {
            var der: UnsafeMutablePointer<UInt8>?
            let length = ctls_engine_certificate(engine, index, &der)
            defer { ctls_free(der) }
            // OpenSSL has read it before; one that it writes and does not read is left out.
            if let certificate = try? TLSCertificate(der: Array(UnsafeBufferPointer(start: der, count: length))) {
                certificates.append(certificate)
            }
        }
        return certificates
    }
}

extension TLSLayer {
    /// Takes new keys and asks the peer for new ones (RFC 8446 §4.6.3); `false` when that is not possible.
    func updateKeys() -> Bool { withEngine { ctls_engine_update_keys($0) } ?? false }
}
