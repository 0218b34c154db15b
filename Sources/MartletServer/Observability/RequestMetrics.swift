import CoreMetrics
import HTTPTypes
import MartletLoop

/// Measures requests by route, method and class of status: the timer `http.server.request.duration` of swift-metrics,
/// whose count is the number of requests.
///
/// ```swift
/// router.use(RequestMetrics())
/// ```
///
/// Its dimensions are called as in OpenTelemetry's conventions: `http.route` is the route's pattern (`none` where no
/// route answers), `http.request.method` its method, `http.response.status_class` is `2xx`. A route takes a series for
/// each class that it has answered with. Whoever adds it first measures what the filters behind it do, too; a streamed
/// body is not waited for.
///
/// In a worker the figures are those of `show stat` and `/v1/metrics`. Costs two readings of the clock,
/// a look-up and two atomic additions a request.
public final class RequestMetrics: Filter {
    /// The timers of one route, by class of status from 1xx to 5xx.
    private struct Timers {
        var byClass = InlineArray<5, Timer?>(repeating: nil)
    }

    private let label: String
    private let factory: (any MetricsFactory)?
    private var routes: [ObjectIdentifier: Timers] = [:]
    private var unrouted = Timers()

    /// - Parameters:
    ///   - label: the timer's name.
    ///   - factory: the backend; the one that the process was set up with unless given.
    public init(label: String = "http.server.request.duration", factory: (any MetricsFactory)? = nil) {
        self.label = label
        self.factory = factory
    }

    deinit {}

    /// Notes when the request came.
    public func before(_ request: Request) -> Response? {
        request.exchange.notes.measuredFrom = .readClock()
        return nil
    }

    /// Records how long it took.
    public func after(_ request: Request, _ response: inout Response) {
        guard let start = request.exchange.notes.measuredFrom else { return }
        let nanoseconds = EventLoop.Instant.readClock().nanoseconds &- start.nanoseconds
        timer(request.route, response.status.code).recordNanoseconds(Int64(clamping: nanoseconds))
    }

    private func timer(_ route: Route?, _ status: Int) -> Timer {
        let index = min(max(status / 100, 1), 5) - 1
        guard let route else {
            if let timer = unrouted.byClass[index] { return timer }
            let timer = makeTimer(nil, index)
            unrouted.byClass[index] = timer
            return timer
        }
        let key = ObjectIdentifier(route)
        if let timer = routes[key]?.byClass[index] { return timer }
        let timer = makeTimer(route, index)
        routes[key, default: Timers()].byClass[index] = timer
        return timer
    }

    private func makeTimer(_ route: Route?, _ index: Int) -> Timer {
        let dimensions = [
            ("http.route", route.map { ($0.host ?? "") + $0.pattern.description } ?? "none"),
            ("http.request.method", route?.method.rawValue ?? "none"),
            ("http.response.status_class", "\(index + 1)xx"),
        ]
        return Timer(label: label, dimensions: dimensions, factory: factory ?? MetricsSystem.factory)
    }
}
