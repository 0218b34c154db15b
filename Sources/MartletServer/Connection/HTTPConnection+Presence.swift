import HTTPTypes
import MartletHTTP
import MartletLoop
import MartletNet

/// Noticing that a client is gone while its request is being answered.
///
/// A reset says so at once. The end of what a client sends does not: it may only have finished sending, and want its
/// answer (RFC 9112 §9.6). The two differ in what happens to something that is sent to them, so after a while an interim
/// response is, which every HTTP/1.1 client has to expect (RFC 9110 §15.2): one that is gone resets the connection. In
/// the midst of a streamed body nothing can be sent but what its writer provides, as server-sent events do.
extension HTTPConnection: ByteStreamObserver {
    /// A handler, or a writer, is at work that has to know.
    func watchPresence() {
        if stream.isBroken { loseClient() } else if stream.hasEnded { probePresenceLater() }
    }

    /// The handler, or the writer, is done.
    func unwatchPresence() {
        presenceTimer?.cancel()
        hasProbedPresence = false
    }

    func streamEnded() {
        guard phase == .answering, task != nil else { return }
        if stream.isBroken { loseClient() } else { probePresenceLater() }
    }

    /// Ends whatever works for the client.
    func loseClient() {
        guard !isLost else { return }
        isLost = true
        server.counters.add(.clientsGone)
        task?.cancel()
    }

    /// Once for each request: whoever does not reset the connection then is still there.
    private func probePresenceLater() {
        guard !hasProbedPresence else { return }
        hasProbedPresence = true
        let timer = presenceTimer ?? LoopTimer { [weak self] in self?.probePresence() }
        presenceTimer = timer
        timer.arm(at: EventLoop.main.now + EventLoop.Interval(server.settings.presenceDelay))
    }

    private func probePresence() {
        guard phase == .answering, let exchange, !isFlushing else { return }
        if let writer {
            _ = writer.sendProbe()
        } else if exchange.parser.minorVersion > 0, pendingOutput == nil {
            HTTP1ResponseHead.appendContinue(to: &output.bytes)
            flushNow()
        }
    }
}
