import CTLS

nonisolated extension TLSError {
    /// An engine's failure.
    init(_ failure: ctls_failure, host: String?) {
        let text = withUnsafeBytes(of: failure.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        self.init(
            Code(failure.code), host: host, text, alert: failure.alert < 0 ? nil : UInt8(clamping: failure.alert))
    }

    /// Calls C with room for what went wrong; what was being done comes before it.
    static func withReason<Result>(
        _ action: String, _ body: (_ reason: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Result?
    ) throws(TLSError) -> Result {
        var reason = ""
        let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer[0] = 0
            let result = body(buffer.baseAddress!, buffer.count)  // 256 bytes have an address
            reason = String(cString: buffer.baseAddress!)
            return result
        }
        guard let result else { throw TLSError(.invalidInput, "\(action): \(reason)") }
        return result
    }
}

nonisolated extension TLSError.Code {
    init(_ code: ctls_code) {
        self =
            switch code {
            case CTLS_EXPIRED: .expired
            case CTLS_NOT_YET_VALID: .notYetValid
            case CTLS_WRONG_HOST: .wrongHost
            case CTLS_SELF_SIGNED: .selfSigned
            case CTLS_UNKNOWN_AUTHORITY: .unknownAuthority
            case CTLS_REVOKED: .revoked
            case CTLS_PIN_MISMATCH: .pinMismatch
            case CTLS_INVALID_CERTIFICATE: .invalidCertificate
            case CTLS_CERTIFICATE_REQUIRED: .certificateRequired
            case CTLS_PROTOCOL_VERSION: .protocolVersion
            case CTLS_APPLICATION_PROTOCOL: .applicationProtocol
            case CTLS_UNRECOGNIZED_NAME: .unrecognizedName
            case CTLS_PROTOCOL_VIOLATION: .protocolViolation
            case CTLS_TRUNCATED: .truncated
            default: .handshakeFailed
            }
    }
}
