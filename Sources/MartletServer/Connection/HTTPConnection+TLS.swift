import MartletHTTP
import MartletLoop
import MartletNet
import MartletTLS

/// HTTP over TLS. The handshake takes place within what is received and sent, as long as it takes before there is a
/// head's first byte: nothing of what serves a connection knows of it but its deadline.
extension HTTPConnection: TLSHandshakeObserver {
    var isSecure: Bool { stream.hasTLS }

    var tls: TLSSession? { stream.tls }

    /// Begins TLS, with what has been received already.
    func beginTLS(received: [UInt8]) {
        guard let context = tlsToCome else { return }
        tlsToCome = nil
        phase = .opened
        deadline = EventLoop.main.now + context.handshakeTimeout
        server.counters.add(.tlsHandshakesActive)
        stream.beginTLS(accepting: context, received: received, observer: self)
    }

    package func handshakeEnded(_ end: TLSHandshakeEnd) {
        server.counters.subtract(.tlsHandshakesActive)
        switch end {
        case .done(let isResumed):
            server.counters.add(.tlsHandshakes)
            if isResumed { server.counters.add(.tlsHandshakesResumed) }
            deadline = EventLoop.main.now + server.headTimeout
        case .failed(let error):
            server.failed(error, in: self)
        case .notBegun:
            break
        }
    }

    /// Refuses a connection beyond the limit: a handshake, to say so in words, is what an overload needs least.
    func refuseTLS() {
        stream.refuseTLS()
        finishConnection()
    }
}

extension HTTPServer {
    /// A client's handshake has failed, or was never completed.
    fileprivate func failed(_ error: TLSError?, in connection: HTTPConnection) {
        count(TLSHandshakeFailure(error))
        guard logger.logLevel <= .debug else { return }
        let peer = connection.peerAddress.map { "\($0)" } ?? "a client that is gone"
        let reason = error.map { "\($0)" } ?? "the connection ended within it"
        logger.debug("a TLS handshake failed", metadata: ["peer": "\(peer)", "error": "\(reason)"])
    }

    private func count(_ failure: TLSHandshakeFailure) {
        switch failure {
        case .refused: return counters.add(.tlsHandshakesRefused)
        case .plainHTTP: return counters.add(.tlsPlainHTTP)
        case .timedOut: counters.add(.tlsHandshakesTimedOut)
        case .certificate: counters.add(.tlsCertificatesRefused)
        case .protocolError: counters.add(.tlsProtocolErrors)
        case .abandoned: counters.add(.tlsHandshakesAbandoned)
        }
        counters.add(.tlsHandshakesFailed)
    }
}
