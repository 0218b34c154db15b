import MartletHTTP

/// Fuzzes what servers and proxies say to a client before there is anything to read: replies of SOCKS 5, whose outcome must not
/// depend on where they are cut, and challenges of WWW-Authenticate. The first byte says which, and where to cut. Compiled into
/// one module with the client's sources, which `sources` lists.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzClientHandshakes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count >= 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let bytes = input[1...]
    if input[0] & 1 == 0 {
        let whole = outcome(of: bytes, every: .max, hasPassword: input[0] & 2 == 0)
        guard outcome(of: bytes, every: Int(input[0] >> 2) + 1, hasPassword: input[0] & 2 == 0) == whole else {
            fatalError("it matters where a reply is cut")
        }
    } else {
        let fields = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        for item in fields.flatMap({ ChallengeList.read($0) }) {
            guard !item.scheme.isEmpty, item.parameters.count <= 16 else {
                fatalError("a challenge has no scheme, or no bound")
            }
        }
        _ = DigestChallenge.best(of: fields)
    }
    return 0
}

/// What was sent, and how it ended.
private func outcome(of bytes: ArraySlice<UInt8>, every size: Int, hasPassword: Bool) -> String {
    let credentials = hasPassword ? BasicCredentials(user: "user", password: "pass") : nil
    var handshake = SOCKS5Handshake(host: "example.org", port: 80, credentials: credentials)
    var step = handshake.start()
    var rest = bytes
    var sent: [UInt8] = []
    do throws(SOCKS5Error) {
        while true {
            switch step {
            case .send(let bytes):
                sent += bytes
                step = .receive
            case .done: return "done after \(sent), left \(rest.count)"
            case .receive:
                guard handshake.wanted > 0 else { fatalError("nothing is wanted, and the handshake is not over") }
                let piece = rest.prefix(min(size, handshake.wanted))
                if piece.isEmpty { return "ended after \(sent)" }
                rest = rest[piece.endIndex...]
                step = try handshake.received(Array(piece))
            }
        }
    } catch {
        return "failed after \(sent): \(error.kind)"
    }
}
