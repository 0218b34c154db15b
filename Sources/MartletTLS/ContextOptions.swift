import CTLS

/// What contexts of both sides are made of.
struct ContextOptions {
    let minimum: TLSVersion
    let maximum: TLSVersion
    /// As on the wire.
    private let protocols: [UInt8]
    private let cipherSuites: String?
    /// Whose word counts for the peer's certificate; `nil`: a server asks for none.
    var trust: TLSTrust?
    var requiresCertificate = false
    var ticketKeys: UnsafePointer<ctls_ticket_keys>?
    var sessionLifetime = 7200
    var refusesUnknownNames = false
    var keepsSessions = false

    init(minimum: TLSVersion, maximum: TLSVersion, protocols: [String], cipherSuites: String?) throws(TLSError) {
        guard minimum <= maximum else {
            throw TLSError(.invalidInput, "the oldest version, \(minimum), is newer than the newest one, \(maximum)")
        }
        self.minimum = minimum
        self.maximum = maximum
        self.cipherSuites = cipherSuites
        var wire: [UInt8] = []
        for name in protocols {
            guard (1...255).contains(name.utf8.count) else {
                throw TLSError(
                    .invalidInput, "an application protocol has 1 to 255 bytes; \"\(name)\" has \(name.utf8.count)")
            }
            wire.append(UInt8(name.utf8.count))
            wire += name.utf8
        }
        self.protocols = wire
    }

    func makeContext(isServer: Bool) throws(TLSError) -> OpaquePointer {
        let roots = trust?.roots ?? []
        if trust?.pins?.isEmpty == true {
            throw TLSError(.invalidInput, "trust is pinned to no key: nobody could be believed; give it one at least")
        }
        let pins = (trust?.pins ?? []).sorted { $0.description < $1.description }.flatMap(\.sha256)
        let isAnyone = trust?.anchors == .anyone
        let hasChain = !isAnyone && trust?.anchors != .pinsOnly
        return try TLSError.withReason("cannot prepare TLS") { reason, capacity in
            protocols.withUnsafeBufferPointer { protocols in
                pins.withUnsafeBufferPointer { pins in
                    withPointers(to: roots) { roots, lengths in
                        var trusted = ctls_trust(
                            // A server has to ask for a certificate even if any will do.
                            verifies: trust != nil && (isServer || !isAnyone || !pins.isEmpty),
                            anyone: isAnyone && pins.isEmpty, chain: hasChain,
                            system: trust?.includesSystem ?? false, roots: roots.baseAddress,
                            lengths: lengths.baseAddress, count: roots.count, pins: pins.baseAddress,
                            pin_count: pins.count / 32)
                        return withOptionalCString(cipherSuites) { suites in
                            var options = ctls_options(
                                minimum: minimum.rawValue, maximum: maximum.rawValue, cipher_suites: suites,
                                protocols: protocols.baseAddress, protocols_length: protocols.count,
                                requires_certificate: requiresCertificate, ticket_keys: ticketKeys,
                                session_lifetime: sessionLifetime, refuses_unknown_names: refusesUnknownNames,
                                keeps_sessions: keepsSessions)
                            return ctls_context_new(isServer, &options, &trusted, reason, capacity)
                        }
                    }
                }
            }
        }
    }
}

/// Calls `body` with pointers to the certificates' bytes.
nonisolated func withPointers<Result>(
    to certificates: [TLSCertificate],
    _ body: (UnsafeBufferPointer<UnsafePointer<UInt8>?>, UnsafeBufferPointer<Int>) -> Result
) -> Result {
    let lengths = certificates.map(\.der.count)
    let bytes = certificates.flatMap(\.der)
    return bytes.withUnsafeBufferPointer { bytes in
        var pointers: [UnsafePointer<UInt8>?] = []
        var offset = 0
        for length in lengths {
            pointers.append(bytes.baseAddress.map { $0 + offset })
            offset += length
        }
        return pointers.withUnsafeBufferPointer { pointers in lengths.withUnsafeBufferPointer { body(pointers, $0) } }
    }
}

private nonisolated func withOptionalCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}

nonisolated extension TLSTrust {
    fileprivate var roots: [TLSCertificate] {
        if case .certificates(let certificates, _) = anchors { return certificates }
        return []
    }

    fileprivate var includesSystem: Bool {
        switch anchors {
        case .system: true
        case .certificates(_, let andSystem): andSystem
        default: false
        }
    }
}

nonisolated extension TLSIdentity {
    /// Gives it to a context.
    func add(to context: OpaquePointer, group: Int) throws(TLSError) {
        _ = try TLSError.withReason("cannot use the certificate \(certificate.subject)") { reason, capacity -> Bool? in
            let isAdded = withPointers(to: certificates) { certificates, lengths in
                privateKeyPEM.withUnsafeBufferPointer { key in
                    (ocspResponse ?? []).withUnsafeBufferPointer { staple in
                        key.withMemoryRebound(to: CChar.self) { key in
                            var identity = ctls_identity(
                                certificates: certificates.baseAddress, lengths: lengths.baseAddress,
                                count: certificates.count, key: key.baseAddress, key_length: key.count,
                                staple: staple.baseAddress, staple_length: staple.count)
                            if staple.isEmpty { identity.staple = nil }
                            return ctls_context_add_identity(context, group, &identity, reason, capacity)
                        }
                    }
                }
            }
            return isAdded ? true : nil
        }
    }
}
