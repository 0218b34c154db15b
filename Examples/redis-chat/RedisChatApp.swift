import Martlet
import MartletRedisChannels

/// A chat whose rooms span machines: any number of daemons, anywhere, that share a Redis server.
///
///     redis-server --port 6379 --save ''
///     redis-chat run --listen 127.0.0.1:8081
///     redis-chat run --listen 127.0.0.1:8082
///
/// Open http://127.0.0.1:8081/rooms/lobby and http://127.0.0.1:8082/rooms/lobby: who is at one sees what is said at the
/// other, and who is there. `REDIS_URL` names another server. While that is away, each daemon is a chat of its own.
@main
struct RedisChatApp: Application {
    static func start(_ worker: Worker) async throws {
        // `[channels] redis = "…"` in the configuration does the same, and goes before.
        guard worker.find(Channels.self) == nil else { return }
        var settings = try RedisChannelSettings(url: Environment["REDIS_URL"] ?? "redis://127.0.0.1:6379")
        settings.prefix = "redis-chat"
        // A daemon that is killed takes its guests along within three of these.
        settings.heartbeat = .seconds(1)
        worker.shareChannels(over: settings)
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.redirect(to: "/rooms/lobby") }
        router.get("/rooms/{room}") { _ in Response.html(page) }
        // For scripts, which need no page to know who is there.
        router.get("/rooms/{room}/guests") { request in
            let guests = room(of: request).members.map(\.id).sorted()
            return guests.map { "\($0)\n" }.joined()
        }
        var settings = WebSocketSettings()
        settings.limits = WebSocketLimits(messageSize: 4096)
        router.webSocket("/rooms/{room}/socket", settings: settings) { socket, request in
            guard let name = try request.query["name"], let guest = PresenceMember(id: name) else {
                await socket.close(.policyViolation, reason: "a name has 1 to 255 bytes")
                return
            }
            let room = room(of: request)
            guard room.subscribe(socket, as: guest) else {
                await socket.close(.policyViolation, reason: "there is no such room")
                return
            }
            for try await case .text(let text) in socket { room.publish("\(name): \(text)") }
        }
    }

    private static func room(of request: Request) -> PubSubChannel {
        request.worker.channels["room/\(request.parameters["room"] ?? "")"]
    }
}
