import MartletHTTP
import Synchronization
import Tracing

/// A tracer that keeps its spans, and speaks W3C Trace Context.
nonisolated final class CapturingTracer: Tracer {
    private let spans = Mutex<[CapturingSpan]>([])

    /// The spans that have ended, in that order.
    var ended: [CapturingSpan] { spans.withLock { $0 } }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file: String, line: UInt
    ) -> CapturingSpan {
        var context = context()
        let parent = context[ParentKey.self]
        let identity = parent?.child() ?? .random()
        context[ParentKey.self] = identity
        return CapturingSpan(operationName, kind, context, identity: identity, parent: parent) { [self] span in
            spans.withLock { $0.append(span) }
        }
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context[ParentKey.self] = extractor.extract(key: "traceparent", from: carrier).flatMap { TraceParent($0) }
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let identity = context[ParentKey.self] else { return }
        injector.inject("\(identity)", forKey: "traceparent", into: &carrier)
    }
}

private nonisolated enum ParentKey: ServiceContextKey {
    typealias Value = TraceParent
}

nonisolated final class CapturingSpan: Span {
    private struct State {
        var attributes = SpanAttributes()
        var status: SpanStatus?
        var errors = 0
    }

    let name: String
    let kind: SpanKind
    let context: ServiceContext
    let identity: TraceParent
    let parent: TraceParent?
    private let state = Mutex(State())
    private let onEnd: @Sendable (CapturingSpan) -> Void

    init(
        _ name: String, _ kind: SpanKind, _ context: ServiceContext, identity: TraceParent, parent: TraceParent?,
        onEnd: @escaping @Sendable (CapturingSpan) -> Void
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.identity = identity
        self.parent = parent
        self.onEnd = onEnd
    }

    var operationName: String {
        get { name }
        set {}
    }
    var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }
    var status: SpanStatus? { state.withLock { $0.status } }
    var errors: Int { state.withLock { $0.errors } }
    var isRecording: Bool { true }

    /// The attributes as texts.
    var texts: [String: String] {
        var texts: [String: String] = [:]
        attributes.forEach { name, value in
            switch value {
            case .string(let text): texts[name] = text
            case .int64(let number): texts[name] = "\(number)"
            default: texts[name] = "\(value)"
            }
        }
        return texts
    }

    func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }
    func addEvent(_ event: SpanEvent) {}
    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        state.withLock { $0.errors += 1 }
    }
    func addLink(_ link: SpanLink) {}
    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) { onEnd(self) }
}
