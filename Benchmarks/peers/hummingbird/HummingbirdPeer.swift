import Hummingbird
import Logging
import NIOPosix

/// hummingbird-peer PORT: the routes of the bench server on Hummingbird, with one event loop.
@main
struct HummingbirdPeer {
    struct Message: ResponseCodable {
        let message: String
    }

    struct Order: Decodable {
        struct Item: Decodable {
            let id: Int
            let name: String
            let tags: [String]
            let price: Double
            let inStock: Bool
        }

        let customer: String
        let items: [Item]
    }

    struct Receipt: ResponseCodable {
        let customer: String
        let items: Int
        let total: Double
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2, let port = Int(arguments[1]) else {
            fatalError("usage: hummingbird-peer PORT")
        }
        let router = Router()
        router.get("/plaintext") { _, _ in "Hello, World!" }
        router.get("/json") { _, _ in Message(message: "Hello, World!") }
        router.get("/hello/{name}") { _, context in "Hello, \(context.parameters.get("name") ?? "")" }
        router.post("/echo-json") { request, context in
            let order = try await request.decode(as: Order.self, context: context)
            let total = order.items.reduce(0) { $0 + ($1.inStock ? $1.price : 0) }
            return Receipt(customer: order.customer, items: order.items.count, total: total)
        }
        var logger = Logger(label: "hummingbird-peer")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), backlog: 4096),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)), logger: logger)
        try await application.runService()
    }
}
