import CTLS
import Glibc
import MartletLoop
import MartletNet

/// The ends of handshakes and connections, and those that do not begin.
extension TLSLayer {
    func finish() {
        guard !isFinishing, let engine else { return }
        ctls_engine_finish(engine)
        isFinishing = true
        flush()
    }

    func end() -> [UInt8] {
        defer { endHandshake(nil) }
        guard let engine, socketError == nil else { return [] }
        ctls_engine_finish(engine)
        flush()
        var count = 0
        let output = ctls_engine_output(engine, &count)
        return Array(UnsafeRawBufferPointer(start: output, count: count))
    }

    func abandon() {
        socketError = ECONNABORTED
        drop()
    }

    // MARK: The handshake's end

    func noteHandshake() {
        guard !handshakeHasEnded else { return }
        endHandshake(nil)
    }

    /// The engine has failed: says why.
    func fail() {
        guard failure == nil, let engine else { return }
        if let socketError {
            failure = SystemError("speak TLS with", target: peer, code: socketError)
        } else {
            failure = TLSError(ctls_engine_failure(engine).pointee, host: peer)
        }
        endHandshake(failure as? TLSError)
    }

    /// Once: counts the handshake and tells whoever wants to know.
    func endHandshake(_ error: TLSError?) {
        guard !handshakeHasEnded else { return }
        handshakeHasEnded = true
        var end = hasSeenBytes ? TLSHandshakeEnd.failed(error) : .notBegun
        if error == nil, isEstablished, let engine { end = .done(isResumed: ctls_engine_is_resumed(engine)) }
        if isCounted, case .server(let context, _) = side { context.handshakeEnded(end) }
        observer?.handshakeEnded(end)
        observer = nil
    }

    /// The handshake's time is over.
    func timeOut() {
        guard !handshakeHasEnded, failure == nil else { return }
        failure = TLSError(.timedOut, host: peer, "the handshake took too long")
        endHandshake(failure as? TLSError)
    }

    func takeSession() {
        guard case .client(let context, let serverName) = side, let session = ctls_engine_take_session(engine) else {
            return
        }
        context.keep(session, for: serverName)
    }

    // MARK: Refusals

    /// Begins a server's handshake, as its client has: until then a connection costs nothing, and takes nobody's place.
    func begin() -> OpaquePointer? {
        guard case .server(let context, let prepared) = side else { return nil }
        guard context.beginsHandshake() else {
            failure = TLSError(.tooManyHandshakes, host: peer, "there are too many handshakes at the same time")
            sendAtOnce(stream.refusal)
            endHandshake(failure as? TLSError)
            return nil
        }
        isCounted = true
        let engine = ctls_engine_new(prepared.context, nil)
        if engine == nil {
            failure = TLSError(.handshakeFailed, host: peer, "there is no memory for it")
            endHandshake(failure as? TLSError)
        }
        return engine
    }

    /// The peer has ended the connection without having sent anything.
    func endWithoutBeginning() {
        failure = TLSError(.truncated, host: peer, "ended before the handshake")
        endHandshake(failure as? TLSError)
    }

    /// Whether a connection begins with HTTP in place of a record, whose first byte is a number from 20 to 23.
    func isPlainHTTP(_ bytes: UnsafeRawBufferPointer, _ first: UInt8) -> Bool {
        switch side {
        case .client: bytes.starts(with: "HTTP/".utf8)
        case .server: UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first
        }
    }

    func refusePlainHTTP() {
        switch side {
        case .client:
            failure = TLSError(.plainHTTP, host: peer, "it speaks HTTP without TLS on this port")
        case .server(_, let prepared):
            failure = TLSError(.plainHTTP, host: peer, "it speaks HTTP without TLS")
            if prepared.answersPlainHTTP { sendAtOnce(Self.plainHTTPAnswer) }
        }
        endHandshake(failure as? TLSError)
    }

    private static let plainHTTPAnswer: [UInt8] = {
        let text = "This port speaks TLS: use https:// in place of http://.\n"
        let head = [
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8", "Content-Length: \(text.utf8.count)",
            "Connection: close", "", "",
        ]
        return Array((head.joined(separator: "\r\n") + text).utf8)
    }()

    /// Sends a few bytes without TLS, if the kernel has room, which it has on a connection where nothing was sent.
    private func sendAtOnce(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { stream.poller.send(stream.descriptor, $0) }
        shutdown(stream.descriptor, Int32(SHUT_WR))
    }
}
