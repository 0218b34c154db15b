import Glibc
import MartletLoop
import MartletWebSocket
import MartletWebSocketCodec

/// Our WebSocket client, on the command line.
///
///     websocket-client conformance ws://127.0.0.1:9001     echoes through the cases of Tests/autobahn
///     websocket-client check ws://127.0.0.1:9001           tries a server of Tests/Programs/clients/serve-websockets
@main
struct WebSocketClientProgram {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let verb = arguments.first, let url = arguments.last else {
            print("usage: websocket-client conformance URL | websocket-client check URL")
            exit(2)
        }
        do {
            switch verb {
            case "conformance": try await conform(to: url)
            default: try await ClientChecks(url: url).run()
            }
        } catch {
            print("\(error)")
            exit(1)
        }
    }

    private static func conform(to url: String) async throws {
        // The server of the suite chooses the parameters of compression.
        var settings = WebSocketSettings()
        settings.compression = PerMessageDeflateSettings(serverNoContextTakeover: false, clientNoContextTakeover: false)
        settings.limits = WebSocketLimits(messageSize: 64 << 20)
        let answer = try await WebSocketClient.withConnection("\(url)/getCaseCount") { try await $0.receive() }
        guard case .text(let text) = answer, let count = Int(text) else {
            throw CheckFailure("\(url) does not say how many cases there are: \(String(describing: answer))")
        }
        for number in 1...max(1, count) {
            do {
                try await WebSocketClient.withConnection(
                    "\(url)/runCase?case=\(number)&agent=martlet", settings: settings
                ) { socket in
                    for try await message in socket { try await socket.send(message) }
                }
            } catch is WebSocketClosed {
                // As the case wants it, or not: the suite judges.
            }
        }
        try await WebSocketClient.withConnection("\(url)/updateReports?agent=martlet") { _ = try await $0.receive() }
    }
}

/// What a server does otherwise than it should, or the client with it.
nonisolated struct CheckFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
