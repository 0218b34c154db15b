import Martlet
import MartletJSON

/// Somebody's stay in a room, for as long as one window is open.
struct Visit {
    let guest: PresenceMember
    let room: PubSubChannel
    let socket: WebSocket

    /// Says what the guest sends, and shows who comes and goes, until the window is closed.
    func run(on worker: Worker) async throws {
        let changes = room.presenceChanges()
        guard room.subscribe(socket, as: guest) else {
            return socket.beginClosing(.policyViolation, reason: "there is no such room")
        }
        try await socket.send(RoomEvent.welcome(room.members.map(\.id).sorted(), worker: worker.slot).json)
        let watching = Task { await watch(changes) }
        defer { watching.cancel() }
        for try await case .text(let text) in socket {
            room.publish(try RoomEvent.said(by: guest.id, text).json)
        }
    }

    private func watch(_ changes: ChannelSubscription<PresenceChange>) async {
        do {
            for try await change in changes {
                switch change {
                case .joined(let member): try await socket.send(RoomEvent.joined(member.id).json)
                case .left(let member): try await socket.send(RoomEvent.left(member.id).json)
                case .updated: break
                }
            }
        } catch {
            // The page does not know any more who is there: it comes again, and is told.
            socket.beginClosing(.tryAgainLater)
        }
    }
}

/// What a page is told.
nonisolated struct RoomEvent: Encodable {
    enum Kind: String, Encodable {
        case welcome, said, joined, left
    }

    let kind: Kind
    /// Who speaks, comes or goes.
    var name: String?
    /// What is said.
    var text: String?
    /// Everybody who is there.
    var names: [String]?
    /// Which worker serves this window.
    var worker: Int?

    static func welcome(_ names: [String], worker: Int) -> Self { Self(kind: .welcome, names: names, worker: worker) }
    static func said(by name: String, _ text: String) -> Self { Self(kind: .said, name: name, text: text) }
    static func joined(_ name: String) -> Self { Self(kind: .joined, name: name) }
    static func left(_ name: String) -> Self { Self(kind: .left, name: name) }

    /// As it is sent.
    var json: String {
        get throws { String(decoding: try JSONWriter().write(self), as: UTF8.self) }
    }
}
