import MartletLoop
import Tracing

/// Traces commands with the tracer of swift-distributed-tracing that the process was set up with.
///
/// Each command is a client span with its name and the attributes of OpenTelemetry's semantic conventions for Redis, a child
/// of the span that it is sent in. Arguments are not among them. Without a tracer nothing happens.
public struct RedisTracing: RedisObserver {
    private final class State {
        let span: any Span

        init(_ span: any Span) { self.span = span }

        deinit {}
    }

    private let given: (any Tracer)?

    /// - Parameter tracer: the tracer; the one that the process was set up with unless given.
    public init(tracer: (any Tracer)? = nil) {
        given = tracer
    }

    /// Starts the span.
    public func commandBegins(_ command: RedisObservedCommand) -> AnyObject? {
        let tracer = given ?? InstrumentationSystem.tracer
        if tracer is NoOpTracer { return nil }
        let span = Self.start(command.name, tracer)
        if span.isRecording { Self.describe(command, on: span) }
        return State(span)
    }

    private static func start<Backend: Tracer>(_ name: String, _ tracer: Backend) -> any Span {
        tracer.startSpan(name, context: ServiceContext.current ?? .topLevel, ofKind: .client)
    }

    private static func describe(_ command: RedisObservedCommand, on span: any Span) {
        var attributes = SpanAttributes()
        attributes["db.system.name"] = "redis"
        attributes["db.operation.name"] = command.name
        attributes["db.namespace"] = "\(command.database)"
        switch command.endpoint {
        case .host(let host, let port):
            attributes["server.address"] = host
            attributes["server.port"] = Int(port)
        case .unix(let path):
            attributes["server.address"] = path
        case .sentinels(let sentinels):
            attributes["server.address"] = sentinels.masterName
        }
        let complete = attributes
        span.updateAttributes { $0.merge(complete) }
    }

    /// Ends the span.
    public func commandEnded(
        _ command: RedisObservedCommand, state: AnyObject?, since start: EventLoop.Instant, error: RedisError?
    ) {
        guard let span = (state as? State)?.span else { return }
        if let error {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            span.updateAttributes { attributes in
                attributes["error.type"] = error.type
                if let code = error.serverCode { attributes["db.response.status_code"] = code }
            }
        }
        span.end()
    }
}
