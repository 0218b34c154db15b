import Martlet

/// The application that is measured beside other servers: `Benchmarks/serve` starts it.
@main
struct BenchServer: Application {
    struct Message: Encodable {
        let message: String
    }

    static func start(_ worker: Worker) async throws {
        try await SecondPort.open(worker)
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in "Hello, World!" }
        router.get("/plaintext") { _ in "Hello, World!" }
        router.get("/json") { _ in Message(message: "Hello, World!") }
        router.get("/hello/{name}") { request in "Hello, \(request.parameters["name"] ?? "")" }
        router.post("/") { request in "\(try await request.body.collect().count)" }
        router.post("/echo-json") { (_, order: Order) in Receipt(for: order) }

        for number in 0..<1000 {
            router.get("/many/r\(number)/{name}") { request in "Hello, \(request.parameters["name"] ?? "")" }
        }

        let middlewares = router.group("/middleware")
        for _ in 0..<5 { middlewares.use(PassOn()) }
        middlewares.get("/plaintext") { _ in "Hello, World!" }

        let filters = router.group("/filter")
        for _ in 0..<5 { filters.use(LookOn()) }
        filters.get("/plaintext") { _ in "Hello, World!" }

        let shipped = router.group("/shipped")
        shipped.use(TrustedProxies(["127.0.0.1"]))
        shipped.use(RequestIdentifier())
        shipped.use(CORS())
        shipped.use(SecurityHeaders())
        shipped.use(Compression())
        shipped.get("/plaintext") { _ in "Hello, World!" }

        // What the conformance suite needs: messages of up to 16 MiB.
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: 64 << 20)
        settings.sendLimit = 64 << 20
        router.webSocket("/ws/echo", settings: settings, handler: WebSocketEcho())
        router.webSocket("/ws/echo-task", settings: settings) { socket in
            for try await message in socket { try await socket.send(message) }
        }

        if let channel = try? ChannelNamePattern("bench/{name}") {
            router.webSocket("/ws/channel/{name}", handler: ChannelHandler(channel: channel))
        }

        let mebibyte = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        router.get("/mebibyte") { _ in Response(bytes: mebibyte) }

        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 10)
        router.get("/stream") { _ in
            Response(length: 1 << 20) { body in
                for _ in 0..<64 { try await body.write(piece) }
            }
        }
    }
}
