import HTTPTypes
import MartletHTTP
import MartletLoop

/// Sends server-sent events (WHATWG HTML §9.2).
public struct EventStream {
    private let writer: ResponseBodyWriter

    init(_ writer: ResponseBodyWriter) {
        self.writer = writer
    }

    /// Sends an event.
    ///
    /// - Throws: when the client is gone; and as ``ResponseBodyWriter/write(_:)-([UInt8])``.
    public func send(_ event: ServerSentEvent) async throws {
        var bytes = ByteBuffer()
        event.append(to: &bytes)
        try await writer.write(Array(bytes.readableBytes))
    }

    /// Sends an event that is nothing but data.
    ///
    /// - Throws: as ``send(_:)-(ServerSentEvent)``.
    public func send(_ data: String) async throws {
        try await send(ServerSentEvent(data: data))
    }
}

extension Response {
    /// A stream of server-sent events, which goes on until `send` returns or the client is gone.
    ///
    /// ```swift
    /// router.get("/clock") { _ in
    ///     Response.events { events in
    ///         while true {
    ///             try await events.send("\(Date.now)")
    ///             try await Task.sleep(for: .seconds(1))
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// A client that comes back says in `Last-Event-ID` which event it has seen last. A stream that is silent sends a
    /// comment from time to time: proxies do not cut it off, and a client that is gone is noticed.
    ///
    /// - Parameters:
    ///   - heartbeat: how often a comment is sent; 15 seconds unless said otherwise.
    ///   - send: sends the events. It is cancelled when the client is gone.
    public nonisolated static func events(
        heartbeat: Duration = .seconds(15), _ send: @escaping @MainActor @Sendable (EventStream) async throws -> Void
    ) -> Response {
        var response = Response(contentType: "text/event-stream") { writer in
            writer.probe = Array(":\n\n".utf8)
            try await writer.beating(every: EventLoop.Interval(heartbeat)) { try await send(EventStream(writer)) }
        }
        response.fields[.cacheControl] = "no-store"
        // nginx would hold events back otherwise.
        response.fields[HTTPField.Name("X-Accel-Buffering")!] = "no"
        return response
    }

    /// A stream of the events that a sequence makes: see the form with a closure.
    public nonisolated static func events<Events: AsyncSequence & Sendable>(
        _ sequence: Events, heartbeat: Duration = .seconds(15)
    ) -> Response where Events.Element == ServerSentEvent {
        events(heartbeat: heartbeat) { stream in
            for try await event in sequence { try await stream.send(event) }
        }
    }
}

extension ResponseBodyWriter {
    /// Runs `body` with the probe sent from time to time.
    func beating(every interval: EventLoop.Interval, _ body: () async throws -> Void) async throws {
        let pulse = Pulse(self, interval)
        defer { pulse.stop() }
        try await body()
    }

    /// Sends the probe until it is stopped.
    private final class Pulse {
        private let interval: EventLoop.Interval
        private var timer: LoopTimer?

        init(_ writer: ResponseBodyWriter, _ interval: EventLoop.Interval) {
            self.interval = interval
            timer = LoopTimer { [weak writer, unowned self] in
                _ = writer?.sendProbe()
                self.arm()
            }
            arm()
        }

        deinit {}

        private func arm() {
            timer?.arm(at: EventLoop.main.now + interval)
        }

        func stop() {
            timer?.cancel()
            timer = nil
        }
    }
}
