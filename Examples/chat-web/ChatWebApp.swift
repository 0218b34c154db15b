import Martlet

/// A chat with a page: a room for each path, with the names of those who are there.
///
///     chat-web run --listen 127.0.0.1:8080
///
/// Open http://127.0.0.1:8080/rooms/lobby in two windows. Any number of workers will do: what is said in a room, and who
/// is there, goes over a channel that all of them share. During a reload the pages connect anew by themselves.
@main
struct ChatWebApp: Application {
    static func start(_ worker: Worker) async throws {
        // From the beginning, so as to know who is on the other workers.
        _ = worker.channels
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.redirect(to: "/rooms/lobby") }
        router.get("/rooms/{room}") { _ in Response.html(page) }
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: 4096)
        router.webSocket("/rooms/{room}/socket", settings: settings) { socket, request in
            let name = try request.query["name"] ?? ""
            guard (1...40).contains(name.count), let guest = PresenceMember(id: name) else {
                await socket.close(.policyViolation, reason: "a name has 1 to 40 characters")
                return
            }
            let room = request.worker.channels["room/\(request.parameters["room"] ?? "")"]
            let visit = Visit(guest: guest, room: room, socket: socket)
            try await visit.run(on: request.worker)
        }
    }
}
