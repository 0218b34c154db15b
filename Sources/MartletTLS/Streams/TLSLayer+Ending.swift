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
            let error = TLSError(ctls_engine_failure(engine).pointee, host: peer)
            // How much is missing, a server's protocol has to know: clients often just leave.
            if error.code == .truncated, handshakeHasEnded, case .server = side {
                hasSeenEnd = true
                return
            }
            failure = error
        }
        endHandshake(failure as? TLSError)
    }

    /// Once: counts the handshake and tells whoever wants to know.
    func endHandshake(_ error: TLSError?) {
        guard !handshakeHasEnded, engine != nil else { return }
        handshakeHasEnded = true
        let isDone = error == nil && isEstablished
        if case .server(let context, _) = side {
            context.handshakeEnded(isDone: isDone, isResumed: isDone && ctls_engine_is_resumed(engine), error)
        }
        observer?.handshakeEnded(isDone ? .done(isResumed: ctls_engine_is_resumed(engine)) : .failed(error))
        observer = nil
    }

    func takeSession() {
        guard case .client(let context, let serverName) = side, let session = ctls_engine_take_session(engine) else {
            return
        }
        context.keep(session, for: serverName)
    }

    // MARK: Refusals

    /// There are too many handshakes: says so by an alert, internal_error, which any client understands.
    func refuse() {
        handshakeHasEnded = true
        guard case .server = side else {
            failure = TLSError(.invalidInput, host: peer, "this is no name that a server can have")
            return
        }
        let error = TLSError(.tooManyHandshakes, host: peer, "there are too many handshakes at the same time")
        failure = error
        observer?.handshakeEnded(.failed(error))
        observer = nil
        sendAtOnce([21, 3, 3, 0, 2, 2, 80])
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
