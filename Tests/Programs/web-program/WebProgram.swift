import Martlet

/// An application with what clients and servers have to agree about: bodies in all forms, streams, conditional requests,
/// ranges, compression, upgrades, WebSockets, and messages between workers. Driven by ClientTests, LimitTests,
/// ConnectionTests, BusTests and WebSocketTests.
@main
struct WebProgram: Application {
    static func start(_ worker: Worker) async throws {
        worker.provide(WaitingRoom())
        worker.provide(BusLog(worker.bus))
    }

    static func routes(_ router: Router) {
        router.get("/client") { request in request.clientAddress }
        router.group("/tls") { group in
            group.use(SecurityHeaders())
            group.get("/") { request in TLSFacts(request) }
        }
        addBodies(router)
        addDocuments(router)
        addStreams(router)
        addClients(router)
        addWaiting(router)
        addBus(router)
        WebSockets.add(to: router)
    }

    /// What clients send.
    private static func addBodies(_ router: Router) {
        router.post("/json") { (_: Request, point: Point) in Point(x: point.y, y: point.x) }
        router.post("/form") { request in
            let form = try await request.form()
            return Form(fields: form.map { "\($0.name)=\($0.value)" }, files: [])
        }
        router.post("/upload") { request in
            try await request.withMultipartForm(memory: 1024) { form in
                var files: [String] = []
                for file in form.files {
                    let sum = try await file.read().reduce(0) { ($0 &* 31 &+ Int($1)) % 65_521 }
                    files.append("\(file.name) \(file.filename) \(file.count) \(sum)")
                }
                return Form(fields: form.fields.map { "\($0.name)=\($0.value)" }, files: files)
            }
        }
        router.post("/body") { request in
            var count = 0
            for try await chunk in request.body { count += chunk.count }
            return Body(
                count: count, expected: request.body.expectedLength.map(Int.init),
                trailer: request.body.trailers?[HTTPField.Name("X-Sum")!])
        }
        // Answers without having looked at the body.
        router.post("/ignore") { _ in "ignored" }
    }

    /// What is the same at every request.
    private static func addDocuments(_ router: Router) {
        router.group { group in
            group.use(ConditionalRequests())
            group.get("/document") { request in
                var response = Response(text: Self.document)
                response.entityTag = EntityTag(opaque: "v1")
                return response.satisfyingRange(of: request)
            }
        }
        router.group { group in
            group.use(Compression())
            group.get("/compressed") { _ in Self.document }
            group.get("/compressed-stream") { _ in
                Response(contentType: Response.plainText) { body in
                    for line in 0..<1000 { try await body.write("line \(line)\n") }
                }
            }
        }
        router.group("/shared") { group in
            group.use(CORS(origins: .list(["https://app.example"]), exposedHeaders: [HTTPField.Name("X-Total")!]))
            group.get("/list") { _ in "shared" }
            group.delete("/list") { _ in "deleted" }
        }
    }

    private static func addStreams(_ router: Router) {
        router.get("/stream") { request in
            let pieces = try request.query.valueIfPresent("pieces", as: Int.self) ?? 3
            return Response(contentType: Response.plainText) { body in
                for piece in 0..<pieces { try await body.write("piece \(piece)\n") }
                body.trailers[HTTPField.Name("X-Pieces")!] = "\(pieces)"
            }
        }
        router.get("/events") { request in
            let first = (request[HTTPField.Name("Last-Event-ID")!].flatMap { Int($0) } ?? 0) + 1
            return Response.events { events in
                for number in first..<first + 3 {
                    try await events.send(
                        ServerSentEvent(data: "event \(number)\nof three", event: "count", id: "\(number)"))
                }
            }
        }
        router.get("/hints") { request in
            try await request.sendEarlyHints([.link: "</style.css>; rel=preload; as=style"])
            return "hinted"
        }
        router.get("/lines") { _ in
            Response(upgradeTo: "lines") { connection in
                while let line = try await connection.stream.readLine() {
                    try await connection.stream.write("\(line.reversed().map(String.init).joined())\n")
                }
            }
        }
    }

    /// Who the client is.
    private static func addClients(_ router: Router) {
        router.group("/private") { group in
            group.use(BasicAuthentication(realm: "private", user: "ada", password: "engine"))
            group.get("/") { request in "Hello, \(request[AuthenticatedUser.self] ?? "nobody")" }
        }
        router.group("/session") { group in
            group.use(Sessions(secrets: [Array("sixteen bytes and more of a secret".utf8)]))
            group.get("/visit") { request in
                let visits = (request.session["visits"].flatMap { Int($0) } ?? 0) + 1
                request.session["visits"] = "\(visits)"
                return "visit \(visits)"
            }
        }
        router.get("/cookies") { request in
            var response = Response(text: request.cookies["seen"] ?? "never")
            response.set(try SetCookie("seen", "before", path: "/"))
            response.set(try SetCookie("other", "too", path: "/"))
            return response
        }
    }

    /// Handlers that take as long as a test wants.
    private static func addWaiting(_ router: Router) {
        router.get("/wait") { request in
            try await request.worker[WaitingRoom.self].wait()
            return "waited"
        }
        router.get("/endless") { request in
            let room = request.worker[WaitingRoom.self]
            return Response.events { events in
                try await events.send("begun")
                try await room.wait()
            }
        }
        router.get("/waiting") { request in request.worker[WaitingRoom.self].state }
        router.post("/release") { request in
            request.worker[WaitingRoom.self].release()
            return "released"
        }
    }

    /// What goes between the workers.
    private static func addBus(_ router: Router) {
        router.get("/bus") { request in request.worker[BusLog.self].state }
        router.post("/bus") { request in
            let log = request.worker[BusLog.self]
            log.send(try await request.body.collect(upTo: 2 << 20))
            return log.state
        }
        // A flood: as many messages of 64 KiB as the client says, all in one turn of the loop.
        router.post("/bus/flood/{count:int}") { request in
            let log = request.worker[BusLog.self]
            let message = [UInt8](repeating: 0, count: 64 << 10)
            let count: Int = try request.parameters.value("count")
            for _ in 0..<count { log.send(message) }
            return log.state
        }
        // Answers another worker's message, whenever it comes.
        router.post("/bus/echo") { request in
            let log = request.worker[BusLog.self]
            let message = try await log.next()
            log.send(Array("echo of ".utf8) + message)
            return log.state
        }
    }

    /// 10,000 bytes, each telling its place within ten.
    private static let document = String(repeating: "0123456789", count: 1000)
}

struct Point: Codable {
    let x: Int
    let y: Int
}

struct Form: Encodable {
    let fields: [String]
    let files: [String]
}

struct Body: Encodable {
    let count: Int
    let expected: Int?
    let trailer: String?
}
