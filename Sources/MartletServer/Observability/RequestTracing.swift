import HTTPTypes
import MartletHTTP
import Tracing

/// Traces requests with the tracer of swift-distributed-tracing that the process was set up with.
///
/// ```swift
/// static func start(_ worker: Worker) async throws { InstrumentationSystem.bootstrap(try await tracer(worker)) }
/// static func routes(_ router: Router) { router.use(RequestTracing()) }
/// ```
///
/// The tracer gets the fields of the request (`traceparent`, `tracestate`, or whatever it reads) and begins a server
/// span with the name `GET /users/{id}` and the attributes of OpenTelemetry's semantic conventions for HTTP. What the
/// handler does is inside the span: spans that it begins are its children. A status of 5xx makes the span one that
/// failed. A body that is streamed goes on after its end. The query is only recorded where that is asked for: it may
/// hold what should not be in traces.
///
/// Without a tracer, the client's `traceparent` (W3C Trace Context) is read and kept, for ``Request/traceParent``. Either
/// way the trace's identifier is in ``Request/logger``, as `trace_id`.
public struct RequestTracing: Middleware {
    private let given: (any Tracer)?
    private let recordsQuery: Bool

    /// - Parameters:
    ///   - tracer: the tracer; the one that the process was set up with unless given.
    ///   - recordsQuery: whether spans have the attribute `url.query`.
    public init(tracer: (any Tracer)? = nil, recordsQuery: Bool = false) {
        given = tracer
        self.recordsQuery = recordsQuery
    }

    /// Has the request answered inside a span.
    public func respond(to request: Request, next: Responder) async throws -> Response {
        let tracer = given ?? InstrumentationSystem.tracer
        if tracer is NoOpTracer {
            request.traceParent = request[.traceParent].flatMap { TraceParent($0) }
            return try await next(request)
        }
        return try await trace(request, with: tracer, next)
    }

    private func trace<Backend: Tracer>(
        _ request: Request, with tracer: Backend, _ next: Responder
    ) async throws -> Response {
        var context = ServiceContext.current ?? .topLevel
        tracer.extract(request.fields, into: &context, using: FieldExtractor())
        let span = tracer.startSpan(RequestAttributes.name(of: request), context: context, ofKind: .server)
        defer { span.end() }
        if span.isRecording { RequestAttributes.set(on: span, request, recordsQuery: recordsQuery) }
        var fields: [String: String] = [:]
        tracer.inject(span.context, into: &fields, using: DictionaryInjector())
        request.traceParent = (fields["traceparent"] ?? request[.traceParent]).flatMap { TraceParent($0) }
        do {
            let response = try await ServiceContext.withValue(span.context) { try await next(request) }
            RequestAttributes.set(on: span, status: response.status.code)
            return response
        } catch {
            let status = Self.status(of: error)
            if status >= 500 { span.recordError(error) }
            RequestAttributes.set(on: span, status: status)
            throw error
        }
    }

    /// What the error will be answered with, unless somebody outside catches it.
    private static func status(of error: any Error) -> Int {
        if let error = error as? HTTPError { return error.status.code }
        return error is CancellationError ? 503 : 500
    }
}

/// Finds what tracers ask for among a request's fields.
private nonisolated struct FieldExtractor: Extractor {
    func extract(key: String, from fields: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { fields[$0] }
    }
}

/// Takes down what a tracer would send to others.
private nonisolated struct DictionaryInjector: Injector {
    func inject(_ value: String, forKey key: String, into fields: inout [String: String]) {
        fields[key.lowercased()] = value
    }
}

extension HTTPField.Name {
    /// `traceparent`, W3C Trace Context §3.2.
    nonisolated static let traceParent = HTTPField.Name("traceparent")!  // a token
}
