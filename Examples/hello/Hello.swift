import Martlet

/// The smallest application: `hello run` serves it with one worker per core.
@main
struct Hello: Application {
    static func routes(_ router: Router) {
        router.get("/") { _ in "Hello, Anonymous" }
        router.get("/{name}") { request in "Hello, \(request.parameters["name"] ?? "")" }
    }
}
