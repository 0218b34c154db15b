import CTLS

/// Any bytes where a handshake, a text with certificates or an OCSP response is expected: nothing but errors comes of
/// it.
///
/// The first byte says which, and in how many pieces the bytes arrive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTLSEngine(_ input: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let input, count > 0 else { return 0 }
    let bytes = UnsafeBufferPointer(start: input + 1, count: count - 1)
    let piece = max(1, Int(input[0] >> 2) * 8)
    switch input[0] & 3 {
    case 0: receive(bytes, by: ctls_engine_new(Parties.server, nil), pieces: piece)
    case 1: receive(bytes, by: ctls_engine_new(Parties.client, "example.org"), pieces: piece)
    case 2: readPEM(bytes)
    default: readStaple(bytes)
    }
    return 0
}

/// A server and a client that wait for whatever comes.
private enum Parties {
    static let identity: (der: [UInt8], key: [CChar]) = {
        var certificate: UnsafeMutablePointer<CChar>?
        var key: UnsafeMutablePointer<CChar>?
        var reason = [CChar](repeating: 0, count: 256)
        let isMade = "example.org".withCString { name in
            var request = ctls_request()
            request.common_name = name
            request.names = name
            request.ends = 86_400
            return ctls_issue(&request, &certificate, &key, &reason, reason.count)
        }
        precondition(isMade)
        let pem = Array(String(cString: certificate!).utf8CString)
        var offset = 0
        var label: UnsafeMutablePointer<CChar>?
        var der: UnsafeMutablePointer<UInt8>?
        var length = 0
        precondition(ctls_pem_next(pem, pem.count - 1, &offset, &label, &der, &length) == 1)
        defer {
            ctls_free(certificate)
            ctls_free(key)
            ctls_free(label)
            ctls_free(der)
        }
        return (Array(UnsafeBufferPointer(start: der, count: length)), Array(String(cString: key!).utf8CString))
    }()

    nonisolated(unsafe) static let ticketKeys: UnsafeMutablePointer<ctls_ticket_keys> = {
        let keys = UnsafeMutablePointer<ctls_ticket_keys>.allocate(capacity: 1)
        keys.initialize(to: ctls_ticket_keys())
        keys.pointee.count = 1
        return keys
    }()

    nonisolated(unsafe) static let server = context(isServer: true)
    nonisolated(unsafe) static let client = context(isServer: false)

    private static func context(isServer: Bool) -> OpaquePointer {
        var reason = [CChar](repeating: 0, count: 256)
        var options = ctls_options()
        options.minimum = 0x0303
        options.maximum = 0x0304
        options.session_lifetime = 60
        if isServer { options.ticket_keys = UnsafePointer(ticketKeys) }
        var trust = ctls_trust()
        trust.verifies = true
        trust.chain = true
        return identity.der.withUnsafeBufferPointer { der in
            [der.baseAddress].withUnsafeBufferPointer { pointers in
                [der.count].withUnsafeBufferPointer { lengths in
                    trust.roots = pointers.baseAddress
                    trust.lengths = lengths.baseAddress
                    trust.count = 1
                    let context = ctls_context_new(isServer, &options, &trust, &reason, reason.count)!
                    var own = ctls_identity()
                    own.certificates = pointers.baseAddress
                    own.lengths = lengths.baseAddress
                    own.count = 1
                    identity.key.withUnsafeBufferPointer { key in
                        own.key = key.baseAddress
                        own.key_length = key.count - 1
                        precondition(ctls_context_add_identity(context, 0, &own, &reason, reason.count))
                    }
                    precondition(ctls_context_add_name(context, "example.org", 0))
                    return context
                }
            }
        }
    }
}

private func receive(_ bytes: UnsafeBufferPointer<UInt8>, by engine: OpaquePointer?, pieces: Int) {
    guard let engine else { return }
    defer { ctls_engine_free(engine) }
    var rest = bytes[...]
    var status = step(engine)
    while status == CTLS_WANTS_INPUT {
        let next = rest.prefix(pieces)
        rest = rest.dropFirst(pieces)
        // A copy of its own, so that a byte read behind it is noticed.
        Array(next).withUnsafeBufferPointer { piece in
            if piece.isEmpty {
                ctls_engine_feed_end(engine)
            } else {
                ctls_engine_feed(engine, piece.baseAddress, piece.count)
            }
            status = step(engine)
            precondition(ctls_engine_keep(engine))
        }
    }
    precondition(status == CTLS_FAILED, "nobody can make a handshake out of fixed bytes")
    precondition(ctls_engine_failure(engine).pointee.code != CTLS_NONE)
    precondition(!ctls_engine_is_established(engine))
}

/// Reads, and has everything sent that is to be.
private func step(_ engine: OpaquePointer) -> ctls_status {
    var buffer = [UInt8](repeating: 0, count: 1000)
    var count = 0
    let status = ctls_engine_read(engine, &buffer, buffer.count, &count)
    var output = 0
    _ = ctls_engine_output(engine, &output)
    if output > 0 { ctls_engine_sent(engine, output) }
    return status
}

private func readPEM(_ bytes: UnsafeBufferPointer<UInt8>) {
    let text = bytes.map { CChar(bitPattern: $0) }
    var offset = 0
    while true {
        var label: UnsafeMutablePointer<CChar>?
        var der: UnsafeMutablePointer<UInt8>?
        var length = 0
        let before = offset
        guard !text.isEmpty, ctls_pem_next(text, text.count, &offset, &label, &der, &length) == 1 else { break }
        precondition(offset > before && offset <= text.count, "a reader that does not get on would go on for ever")
        readCertificate(UnsafeBufferPointer(start: der, count: length))
        ctls_free(label)
        ctls_free(der)
    }
    readCertificate(bytes)
    var reason = [CChar](repeating: 0, count: 256)
    ctls_free(ctls_key_read(text, text.count, nil, &reason, reason.count))
}

private func readCertificate(_ der: UnsafeBufferPointer<UInt8>) {
    var certificate = ctls_certificate()
    guard der.count > 0, ctls_certificate_read(der.baseAddress, der.count, &certificate) else { return }
    precondition(certificate.subject != nil && certificate.names != nil)
    ctls_certificate_free(&certificate)
    _ = ctls_certificate_is_for(der.baseAddress, der.count, "www.example.org")
}

private func readStaple(_ bytes: UnsafeBufferPointer<UInt8>) {
    var reason = [CChar](repeating: 0, count: 256)
    let own = Parties.identity.der
    let until = ctls_staple_check(Array(bytes), bytes.count, own, own.count, own, own.count, &reason, reason.count)
    precondition(until == 0 || until > 0)
}
