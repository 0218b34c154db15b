import Martlet

/// A page that shows a clock by server-sent events, which goes on where it was when the connection was lost.
///
/// Every worker counts for itself: `events run --workers 1`, or else a browser that comes back may meet another count.
@main
struct EventsApp: Application {
    static func start(_ worker: Worker) async throws {
        let ticker = Ticker()
        worker.provide(ticker)
        worker.background("ticker", until: .drain) { try await ticker.run() }
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.html(page) }
        router.get("/events") { request in
            let ticker = request.worker[Ticker.self]
            // Who comes back says which event was the last; who is new begins with the next one.
            var last = request[HTTPField.Name("Last-Event-ID")!].flatMap { Int($0) } ?? ticker.count
            return Response.events(heartbeat: .seconds(15)) { events in
                while true {
                    for number in try await ticker.ticks(after: last) {
                        try await events.send(ServerSentEvent(data: "tick \(number)", event: "tick", id: "\(number)"))
                        last = number
                    }
                }
            }
        }
    }
}

/// Ticks, and remembers the last ticks for those who were away.
final class Ticker {
    private(set) var count = 0
    /// Set by the next tick, which makes another one.
    private var change = Event()

    private static let remembered = 100

    func run() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(250))
            count += 1
            change.set()
            change = Event()
        }
    }

    /// The ticks behind the one of that number, at least one.
    func ticks(after last: Int) async throws -> ClosedRange<Int> {
        while count <= last { try await change.wait() }
        return max(last, count - Self.remembered, 0) + 1...count
    }
}

/// The page at `/`.
private let page = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Events</title></head>
    <body><h1>Events</h1><ol id="list"></ol>
    <script>
    new EventSource("/events").addEventListener("tick", event => {
      const item = document.createElement("li");
      item.textContent = event.data;
      document.getElementById("list").prepend(item);
    });
    </script></body></html>

    """
