import Martlet

/// The application that is measured beside other servers: `Benchmarks/serve` starts it.
@main
struct BenchServer: Application {
    struct Message: Encodable {
        let message: String
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in "Hello, World!" }
        router.get("/plaintext") { _ in "Hello, World!" }
        router.get("/json") { _ in Message(message: "Hello, World!") }
        router.get("/hello/{name}") { request in "Hello, \(request.parameters["name"] ?? "")" }
        router.post("/") { request in "\(try await request.body.collect().count)" }
    }
}
