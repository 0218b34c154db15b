import HTTPTypes
import Tracing

/// Traces requests with the tracer of swift-distributed-tracing that the process was set up with.
///
/// ```swift
/// settings.interceptors = [HTTPClientTracing()]
/// ```
///
/// Each request is a client span with the name of its method and the attributes of OpenTelemetry's semantic conventions for
/// HTTP, a child of the span that it is made in; the tracer writes its fields (`traceparent`, `tracestate`, or whatever it
/// knows) into the request. A status of 4xx or 5xx, and an error, make the span one that failed. The body is not waited for.
/// Without a tracer nothing happens.
public struct HTTPClientTracing: HTTPClientInterceptor {
    private let given: (any Tracer)?

    /// - Parameter tracer: the tracer; the one that the process was set up with unless given.
    public init(tracer: (any Tracer)? = nil) {
        given = tracer
    }

    /// Has the request sent inside a span.
    public func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse {
        let tracer = given ?? InstrumentationSystem.tracer
        if tracer is NoOpTracer { return try await next(request) }
        return try await trace(request, with: tracer, next)
    }

    private func trace<Backend: Tracer>(
        _ request: HTTPClientRequest, with tracer: Backend, _ next: HTTPClientNext
    ) async throws -> HTTPClientResponse {
        let name = request.method.isKnown ? request.method.rawValue : "HTTP"
        let span = tracer.startSpan(name, context: ServiceContext.current ?? .topLevel, ofKind: .client)
        defer { span.end() }
        if span.isRecording { Self.describe(request, on: span) }
        var request = request
        tracer.inject(span.context, into: &request.fields, using: FieldInjector())
        let traced = request
        do {
            let response = try await ServiceContext.withValue(span.context) { try await next(traced) }
            span.updateAttributes { attributes in
                attributes["http.response.status_code"] = response.code
                if response.code >= 400 { attributes["error.type"] = "\(response.code)" }
                if response.redirectCount > 0 { attributes["http.request.resend_count"] = response.redirectCount }
            }
            if response.code >= 400 { span.setStatus(SpanStatus(code: .error)) }
            return response
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            let type = (error as? HTTPClientError)?.code.rawValue ?? "\(type(of: error))"
            span.updateAttributes { $0["error.type"] = type }
            throw error
        }
    }

    private static func describe(_ request: HTTPClientRequest, on span: some Span) {
        var attributes = SpanAttributes()
        attributes["http.request.method"] = request.method.isKnown ? request.method.rawValue : "_OTHER"
        if !request.method.isKnown { attributes["http.request.method_original"] = request.method.rawValue }
        attributes["url.full"] = "\(request.url)"
        attributes["server.address"] = request.url.host
        attributes["server.port"] = Int(request.url.port)
        let complete = attributes
        span.updateAttributes { $0.merge(complete) }
    }
}

/// Writes what a tracer tells others into a request's fields.
private nonisolated struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into fields: inout HTTPFields) {
        if let name = HTTPField.Name(key) { fields[name] = value }
    }
}
