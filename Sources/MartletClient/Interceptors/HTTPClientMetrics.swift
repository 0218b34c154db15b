import CoreMetrics
import HTTPTypes
import MartletLoop

/// Measures requests: the timer `http.client.request.duration` of swift-metrics, whose count is the number of requests, from
/// the call to the head of the response.
///
/// ```swift
/// settings.interceptors = [HTTPClientMetrics()]
/// ```
///
/// Its dimensions are called as in OpenTelemetry's conventions: `server.address` is the host, `http.request.method` the method,
/// `http.response.status_class` is `2xx`, or the code of the error. Hosts beyond the first thousand share the series `other`.
public final class HTTPClientMetrics: HTTPClientInterceptor {
    private struct Key: Hashable {
        let host, method, outcome: String
    }

    private let label: String
    private let factory: (any MetricsFactory)?
    private var timers: [Key: Timer] = [:]
    private var hosts: Set<String> = []

    private static let mostHosts = 1000

    /// - Parameters:
    ///   - label: the timer's name.
    ///   - factory: the backend; the one that the process was set up with unless given.
    public init(label: String = "http.client.request.duration", factory: (any MetricsFactory)? = nil) {
        self.label = label
        self.factory = factory
    }

    deinit {}

    /// Gets the response, and records how long that took.
    public func execute(_ request: HTTPClientRequest, next: HTTPClientNext) async throws -> HTTPClientResponse {
        let start = EventLoop.Instant.readClock()
        do {
            let response = try await next(request)
            record(request, "\(response.code / 100)xx", since: start)
            return response
        } catch {
            let code = (error as? HTTPClientError)?.code.rawValue
            record(request, code ?? (error is CancellationError ? "cancelled" : "other"), since: start)
            throw error
        }
    }

    private func record(_ request: HTTPClientRequest, _ outcome: String, since start: EventLoop.Instant) {
        var host = request.url.host
        if !hosts.contains(host) {
            if hosts.count < Self.mostHosts { hosts.insert(host) } else { host = "other" }
        }
        let method = request.method.isKnown ? request.method.rawValue : "_OTHER"
        let key = Key(host: host, method: method, outcome: outcome)
        let timer =
            timers[key]
            ?? Timer(
                label: label,
                dimensions: [
                    ("server.address", host), ("http.request.method", method), ("http.response.status_class", outcome),
                ], factory: factory ?? MetricsSystem.factory)
        timers[key] = timer
        let now = EventLoop.Instant.readClock()
        timer.recordNanoseconds(Int64(clamping: now.nanoseconds &- start.nanoseconds))
    }
}

nonisolated extension HTTPRequest.Method {
    /// Whether it is one of those that are named in metrics and traces, which nobody is to fill with names of their own.
    var isKnown: Bool {
        switch self {
        case .connect, .delete, .get, .head, .options, .patch, .post, .put, .trace: true
        default: false
        }
    }
}
