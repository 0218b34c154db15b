import Logging
import MartletServer

/// The HTTP side of the table of commands.
enum ControlRoutes {
    static let readOnly = ControlRefusal(.forbidden, "this control socket changes nothing; use the other one")

    private static let largestBody = 4096

    /// A server for all commands.
    ///
    /// - Parameter mayChange: whether commands that change something are done, or refused with 403.
    static func server(for commands: [ControlCommand<Void>], mayChange: Bool, logger: Logger) -> HTTPServer {
        let router = Router()
        for command in commands { add(command, to: router, mayChange: mayChange) }
        let unknown = ControlRefusal(.unknown, "there is no such resource; GET /v1/help lists all")
        router.get("/{path...}") { _ in try response(to: unknown) }
        router.post("/{path...}") { _ in try response(to: unknown) }
        var settings = HTTPServerSettings()
        settings.bodyLimit = UInt64(largestBody)
        settings.idleTimeout = .seconds(60)
        settings.drainIdleTimeout = .zero
        return HTTPServer(router: router, settings: settings, logger: logger)
    }

    private static func add(_ command: ControlCommand<Void>, to router: Router, mayChange: Bool) {
        switch command.route {
        case .get(let path):
            router.get(path) { _ in
                try await answer(command, ControlRequest(patience: .started))
            }
            router.post(path) { _ in try notAllowed("GET, HEAD") }
        case .post(let path):
            router.post(path) { request in
                guard mayChange else { return try response(to: readOnly) }
                return try await post(command, request)
            }
            router.get(path) { _ in try notAllowed("POST") }
        }
    }

    private static func post(_ command: ControlCommand<Void>, _ request: Request) async throws -> Response {
        guard let patience = ControlPatience(query: request.queryString) else {
            return try response(to: ControlRefusal(.misuse, "unknown query: write ?wait=1 or ?wait=end"))
        }
        var wanted = ControlRequest(patience: patience)
        if let parameter = command.parameter {
            let body = try await request.body.collect(upTo: largestBody)
            guard let value = FlatJSON(body)?.members[parameter] else {
                let example = parameter == "workers" ? "4" : "\"debug\""
                return try response(
                    to: ControlRefusal(
                        .misuse, "the body has to be a JSON object such as {\"\(parameter)\":\(example)}"))
            }
            wanted.argument = value
        }
        return try await answer(command, wanted)
    }

    private static func answer(
        _ command: ControlCommand<Void>, _ request: ControlRequest
    ) async throws -> Response {
        let answer: any ControlAnswer
        do throws(ControlRefusal) {
            answer = try await command.run((), request)
        } catch {
            return try response(to: error)
        }
        if let mediaType = answer.mediaType { return Response(text: answer.text + "\n", contentType: mediaType) }
        return try json(answer)
    }

    private static func json<Answer: ControlAnswer>(_ answer: Answer) throws -> Response {
        try JSON(answer, status: answer.isAccepted ? .accepted : .ok).response()
    }

    private static func response(to refusal: ControlRefusal) throws -> Response {
        let body = ErrorBody(error: refusal.message)
        return switch refusal.kind {
        case .misuse: try JSON(body, status: .badRequest).response()
        case .unknown: try JSON(body, status: .notFound).response()
        case .forbidden: try JSON(body, status: .forbidden).response()
        case .conflict: try JSON(body, status: .conflict).response()
        case .failed: try JSON(body, status: .unprocessableContent).response()
        }
    }

    private static func notAllowed(_ methods: String) throws -> Response {
        var response = try JSON(ErrorBody(error: "only \(methods) here"), status: .methodNotAllowed).response()
        response.fields = [.allow: methods]
        return response
    }

    /// What is answered to a command that was not done.
    private nonisolated struct ErrorBody: Encodable {
        let error: String
    }
}
