import MartletLoop
import MartletNet

/// TLS on a stream that is connected already. Afterwards all of the stream's calls are about what TLS carries.
extension ByteStream {
    /// Begins TLS as a client, and returns when the server has proved who it is.
    ///
    /// ```swift
    /// let stream = try await connect(host: "example.org", port: 443)
    /// try await stream.startTLS(context, serverName: "example.org")
    /// ```
    ///
    /// With TLS 1.3, a server that refuses the client's certificate says so after that: the first read throws it.
    ///
    /// - Parameters:
    ///   - context: how.
    ///   - serverName: whom the server has to be: a name, or an IP address in digits.
    /// - Throws: `TLSError`; `SystemError` when the connection fails; `CancellationError`. The stream is closed then.
    public func startTLS(_ context: TLSClientContext, serverName: String) async throws {
        try await startTLS(timeout: context.handshakeTimeout, peer: serverName) {
            TLSLayer(below: self, as: .client(context, serverName: serverName), received: $0)
        }
    }

    /// Begins TLS as a server, and returns when the handshake is done.
    ///
    /// - Throws: `TLSError`; `SystemError` when the connection fails; `CancellationError`. The stream is closed then.
    public func startTLS(accepting context: TLSServerContext) async throws {
        let prepared = context.prepared
        try await startTLS(timeout: prepared.handshakeTimeout, peer: peerName) {
            TLSLayer(below: self, as: .server(context, prepared), received: $0)
        }
    }

    /// What was agreed on; `nil` without TLS, before the handshake is done, and when the stream is closed.
    public var tls: TLSSession? { (layer as? TLSLayer)?.session }

    /// Whether it speaks TLS.
    package var hasTLS: Bool { layer is TLSLayer }

    /// Begins TLS as a server. The handshake is done by whatever is received and sent next.
    ///
    /// - Parameters:
    ///   - context: how.
    ///   - received: what has arrived already.
    ///   - observer: hears of the handshake's end; kept alive until then.
    package func beginTLS(
        accepting context: TLSServerContext, received: [UInt8] = [], observer: (any TLSHandshakeObserver)?
    ) {
        put(TLSLayer(below: self, as: .server(context, context.prepared), received: received, observer: observer))
    }

    /// Ends a handshake that is under way, because its time is over. The stream is to be closed then.
    package func timeOutTLS() {
        (layer as? TLSLayer)?.timeOut()
    }

    /// Tells a client without a handshake that it is not served, by the alert internal_error, which any client
    /// understands. The stream is to be closed then.
    package func refuseTLS() {
        // Closing with unread bytes would make the kernel send a reset, which may overtake the alert.
        _ = poller.receive(descriptor, into: TLSLayer.received)
        _ = refusal.withUnsafeBytes { poller.send(descriptor, $0) }
    }

    var refusal: [UInt8] { [21, 3, 3, 0, 2, 2, 80] }

    private func startTLS(
        timeout: EventLoop.Interval, peer: String?, _ makeLayer: ([UInt8]) -> TLSLayer
    ) async throws {
        guard canHaveLayer else {
            throw TLSError(.unusableStream, host: peer, "the stream is closed, in use, no socket, or has TLS already")
        }
        // What the peer has sent before belongs to the handshake: read as plain text, anybody could have put it there.
        let layer = makeLayer(takeReceived())
        put(layer)
        do {
            try await handshake(layer, until: EventLoop.main.time() + timeout, peer: peer)
        } catch {
            close()
            throw error
        }
    }

    private func handshake(_ layer: TLSLayer, until deadline: EventLoop.Instant, peer: String?) async throws {
        while true {
            switch advance(layer, { layer.handshake() }) {
            case .moved: return
            case .failed(let code):
                throw layer.failure ?? SystemError("begin TLS with", target: peer, code: code)
            case .wouldBlock: break
            }
            let wait = await withTaskCancellationHandler {
                await waitToRead(until: deadline)
            } onCancel: {
                onLoop { self.interrupt() }
            }
            try Task.checkCancellation()
            if isClosed { throw TLSError(.unusableStream, host: peer, "the stream was closed within the handshake") }
            if case .timedOut = wait {
                layer.timeOut()
                throw layer.failure ?? TLSError(.timedOut, host: peer, "the handshake took too long")
            }
        }
    }
}
