import MartletLoop
import MartletServer
import MartletWebSocketCodec

/// The handler of a server's WebSocket, and the server's view of it.
extension WebSocket: TakenConnection {
    /// Lets a closure speak, in a task of its own, which is all that the socket costs besides itself. When it returns, the
    /// WebSocket is closed with 1000; when it throws, with 1011.
    func speak(_ speak: @escaping @MainActor (WebSocket) async throws -> Void) {
        task = Task {
            do {
                try await speak(self)
                handlerEnded(nil)
            } catch {
                handlerEnded(error)
            }
        }
    }

    private func handlerEnded(_ error: (any Error)?) {
        switch error {
        case nil: beginClosing()
        case is CancellationError: beginClosing(.goingAway)
        // Sending to, or reading from, one that has ended is how a handler usually ends.
        case is WebSocketClosed where state != .open: break
        case let error?: handlerFailed(error)
        }
        task = nil
        extras?.timer?.cancel()
        endLease()
    }

    private func handlerFailed(_ error: any Error) {
        context.counters.add(.handlerErrors)
        context.logger.error(
            "a WebSocket's handler failed", metadata: ["error": "\(error)", "type": "\(type(of: error))"])
        beginClosing(.internalError)
    }

    /// It has ended and its handler goes on: not for ever.
    func cancelHandlerLater() {
        let timer = LoopTimer { [weak self] in self?.task?.cancel() }
        more.timer = timer
        timer.arm(at: EventLoop.main.now + EventLoop.Interval(context.settings.handlerGrace))
    }

    /// Gives the server's place back once nobody works for the connection any more.
    func endLease() {
        guard state == .closed, task == nil, let lease else { return }
        self.lease = nil
        lease.end()
    }

    package func drain() {
        let spread = Swift.max(0, context.settings.drainSpread / .milliseconds(1))
        let delay = Duration.milliseconds(Int64(Double.random(in: 0...1) * Swift.min(spread, 86_400_000)))
        EventLoop.main.callLater(delay) { [weak self] in
            self?.beginClosing(.goingAway, reason: "the server is going away")
        }
    }

    package func abort() {
        task?.cancel()
        lose()
    }
}
