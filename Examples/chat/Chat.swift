import Glibc
import MartletLoop
import MartletNet

/// A chat server for `nc`: whoever connects gives a name, and what one says all others read.
///
///     chat 127.0.0.1:7001
@main
struct Chat {
    static func main() async throws {
        let address = try SocketAddress(parsing: CommandLine.arguments.dropFirst().first ?? "127.0.0.1:7001")
        let room = Room()
        var options = ServerOptions()
        options.connectionLimit = 1000
        let server = try StreamServer(at: address, options: options) { stream in try await room.welcome(stream) }
        print("listening on \(server.address)")
        fflush(nil)
        _ = try await waitForSignal(SIGINT, SIGTERM)
        await server.close(drainTime: .zero)
    }
}

/// Everyone who is there.
final class Room {
    private var guests: [ObjectIdentifier: Guest] = [:]

    func welcome(_ stream: ByteStream) async throws {
        try await stream.write("What is your name? ")
        let line = try await withTimeout(.seconds(60), for: "a name") { try await stream.readLine(limit: 64) }
        guard let name = line else { return }
        let guest = Guest(name: name)
        guests[ObjectIdentifier(guest)] = guest
        defer {
            guests[ObjectIdentifier(guest)] = nil
            say("* \(name) has left", except: guest)
        }
        try await stream.write("Welcome, \(name). Others here: \(guests.count - 1)\n")
        say("* \(name) has come", except: guest)
        // Whichever ends first, hearing or saying, ends the visit.
        _ = try await gather(
            { for try await line in guest.hears { try await stream.write(line + "\n") } },
            {
                for try await line in stream.lines(limit: 4096) { self.say("\(name): \(line)", except: guest) }
                guest.hears.shutDown()
            })
    }

    /// Tells all but one. Nobody waits for a guest who does not read: what does not fit into that one's queue is not
    /// heard.
    private func say(_ line: String, except speaker: Guest) {
        for guest in guests.values where guest !== speaker { _ = try? guest.hears.tryPut(line) }
    }
}

/// One who is there, and what that one has yet to read.
final class Guest {
    let name: String
    let hears = Queue<String>(maximumCount: 100)

    init(name: String) {
        self.name = name
    }
}
