import MartletLoop
import MartletTesting

/// What the tests have served.
@MainActor
enum Todos: Application {
    nonisolated struct Todo: Codable, Equatable {
        var title: String
    }

    /// What has happened to the last worker and its handlers.
    static var log: [String] = []

    static func start(_ worker: Worker) async throws {
        log = ["start"]
        worker.provide([Todo(title: "milk")])
        worker.onStop { log.append("stop") }
        worker.background("clock", until: .drain) {
            do { try await Task.sleep(for: .seconds(3600), clock: .eventLoop) } catch { log.append("drained") }
        }
    }

    static func routes(_ router: Router) {
        router.get("/todos/{number:int}") { request in
            let todos = request.worker[[Todo].self]
            let number: Int = try request.parameters.value("number")
            guard todos.indices.contains(number) else { throw HTTPError(.notFound, "there is no todo \(number)") }
            return todos[number]
        }
        for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
            _ = try? router.add(method, "/echo") { request in
                var response = Response(bytes: try await request.body.collect())
                response.contentType = request[.contentType]
                response.fields[HTTPField.Name("X-Method")!] = request.method.rawValue
                return response
            }
        }
        router.post("/todos") { (_: Request, todo: Todo) in JSON(todo, status: .created) }
        router.post("/form") { request in try await request.form()["name"] ?? "nobody" }
        router.post("/parts") { request in
            try await request.withMultipartForm { form in
                let file = form.file("file")
                return "\(form.fields["name"] ?? "") \(file?.filename ?? "") \(try await file?.read().count ?? 0)"
            }
        }
        router.get("/peer") { request in request.clientAddress }
        router.get("/hints") { request in
            try await request.sendEarlyHints([.init("Link")!: "</a.css>; rel=preload"])
            return "hinted"
        }
        router.get("/login") { _ in
            var response = Response.redirect(to: "/me")
            response.set(try SetCookie("user", "ada", path: "/"))
            return response
        }
        router.get("/me") { request in request.cookies["user"] ?? "nobody" }
        router.get("/logout") { _ in
            var response = Response(text: "bye")
            response.set(try SetCookie("user", "", path: "/", maxAge: 0))
            return response
        }
        router.get("/round") { _ in Response.redirect(to: "/round") }
        router.get("/pieces") { _ in
            Response { body in
                for number in 1...3 {
                    try await body.write("\(number)\n")
                    try await body.flush()
                    if number < 3 { try await Task.sleep(for: .seconds(60), clock: .eventLoop) }
                }
            }
        }
        router.get("/cut") { _ in
            Response { body in
                try await body.write("half")
                throw HTTPError(.internalServerError)
            }
        }
        router.get("/forever") { _ in
            log.append("begun")
            do {
                try await Task.sleep(for: .seconds(36_000), clock: .eventLoop)
            } catch {
                log.append("cancelled")
                throw error
            }
            return "never"
        }
        router.get("/shout") { _ in
            Response(upgradeTo: "shouting") { connection in
                let line = try await connection.stream.readLine() ?? ""
                try await connection.stream.write(line.uppercased() + "\n")
            }
        }
    }
}
