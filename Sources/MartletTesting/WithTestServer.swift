import Logging
import Martlet
import MartletServer

/// Runs an application for as long as `body` does, and lends it a client.
///
/// ```swift
/// @Test("a todo is there once it was added", arguments: TestMode.allCases)
/// func add(mode: TestMode) async throws {
///     try await withTestServer(Todos.self, mode) { client in
///         let response = try await client.post("/todos", .json(NewTodo(title: "milk")))
///         #expect(response.status == .created)
///     }
/// }
/// ```
///
/// `Application.start` is called before, and what it told the worker to do at the end is done after `body`, also
/// when that throws. Requests that are still under way then are cut. The configuration of the application is not read.
///
/// - Parameters:
///   - application: the application.
///   - mode: how it is reached.
///   - settings: limits and times; the defaults, with times that no test waits for, unless given.
///   - logger: where it logs.
///   - body: sends requests.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws, and what the application's start does.
@MainActor
public func withTestServer<App: Application, Value: Sendable>(
    _ application: App.Type, _ mode: TestMode = .inProcess, settings: HTTPServerSettings = .patient,
    logger: Logger = Logger(label: "test"), _ body: @MainActor (TestClient) async throws -> Value
) async throws -> Value {
    let router = Router()
    application.routes(router)
    let worker = Worker(logger: logger)
    do {
        try await application.start(worker)
        try await router.start(worker)
    } catch {
        worker.cancelWork()
        await worker.finish()
        throw error
    }
    return try await withTestServer(router, mode, worker: worker, settings: settings, logger: logger, body)
}

/// Serves the routes of a router for as long as `body` does, and lends it a client.
///
/// ```swift
/// let router = Router()
/// router.get("/") { _ in "hello" }
/// try await withTestServer(router) { client in
///     let response = try await client.get("/")
///     #expect(response.text == "hello")
/// }
/// ```
///
/// - Parameters:
///   - router: the routes.
///   - mode: how they are reached.
///   - worker: what handlers reach as `request.worker`; it ends after `body`.
///   - settings: limits and times; the defaults, with times that no test waits for, unless given.
///   - logger: where it logs.
///   - body: sends requests.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
@MainActor
public func withTestServer<Value: Sendable>(
    _ router: Router, _ mode: TestMode = .inProcess, worker: Worker = Worker(),
    settings: HTTPServerSettings = .patient, logger: Logger = Logger(label: "test"),
    _ body: @MainActor (TestClient) async throws -> Value
) async throws -> Value {
    let server = HTTPServer(router: router, settings: settings, worker: worker, logger: logger)
    let host = TestHost(server, mode)
    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(TestClient(host)))
    } catch {
        worker.cancelWork()
        outcome = .failure(error)
    }
    await host.end()
    return try outcome.get()
}

extension HTTPServerSettings {
    /// The defaults, with times that a test does not reach because the machine is busy.
    public nonisolated static var patient: HTTPServerSettings {
        var settings = HTTPServerSettings()
        settings.headTimeout = .seconds(600)
        settings.bodyTimeout = .seconds(600)
        settings.idleTimeout = .seconds(600)
        settings.writeTimeout = .seconds(600)
        settings.presenceDelay = .seconds(600)
        return settings
    }
}
