import Martlet

/// A page that shows prices as they change, over a WebSocket on which only the server speaks.
///
///     ticker run --listen 127.0.0.1:8080
///
/// One worker makes up the prices, and publishes them on a channel; all workers send them to their clients. A client that
/// reads too slowly misses some: the next one is worth more than the last.
@main
struct TickerApp: Application {
    static func start(_ worker: Worker) async throws {
        let prices = worker.channels["prices"]
        // There is always a worker in this slot, and one that takes over after a reload.
        guard worker.slot == 0 else { return }
        var market = Market()
        worker.background("market", until: .drain) {
            while true {
                prices.publish(market.next())
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.html(page) }
        var settings = WebSocketSettings()
        settings.backpressure = .drop
        router.webSocket("/prices", settings: settings, handler: PriceReaders())
    }
}

/// All clients: they are sent prices, and have nothing to say.
final class PriceReaders: WebSocketHandler {
    func opened(_ socket: WebSocket, for request: Request) {
        request.worker.channels["prices"].subscribe(socket)
    }

    func received(_ message: WebSocketMessageView, on socket: WebSocket) {
        socket.beginClosing(.policyViolation, reason: "nobody listens here")
    }
}

/// Three shares whose prices go up and down.
struct Market {
    private var cents = ["AAA": 10_000, "BBB": 2_500, "CCC": 33_000]

    /// All prices after the next change, as JSON.
    mutating func next() -> String {
        for (name, price) in cents { cents[name] = max(100, price + .random(in: -50...50)) }
        let members = cents.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{\(members.joined(separator: ","))}"
    }
}

/// The page at `/`.
private let page = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Ticker</title></head>
    <body><h1>Ticker</h1><table id="prices"></table>
    <script>
    function connect() {
      const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/prices");
      socket.onmessage = event => {
        const rows = Object.entries(JSON.parse(event.data)).map(([name, cents]) => {
          const row = document.createElement("tr");
          row.insertCell().textContent = name;
          row.insertCell().textContent = (cents / 100).toFixed(2);
          return row;
        });
        document.getElementById("prices").replaceChildren(...rows);
      };
      // Not all at the same moment, where a server has gone.
      socket.onclose = () => setTimeout(connect, 500 + Math.random() * 1500);
    }
    connect();
    </script></body></html>

    """
