import MartletLoop
import MartletNet
import MartletRESP

/// A server that answers as a test says, and writes that as a test says.
final class ScriptedServer {
    /// The commands that came, their arguments as text.
    private(set) var commands: [[String]] = []
    /// Connections so far.
    private(set) var connections = 0
    private var server: StreamServer?

    /// What it does about a command: the bytes of the answer; `nil` closes the connection.
    typealias Script = @MainActor (_ command: [String], _ connection: Int) async throws -> String?

    /// - Parameters:
    ///   - pieces: how many bytes of an answer are written at a time.
    ///   - script: the answers.
    init(pieces: Int = .max, _ script: @escaping Script) throws {
        server = try StreamServer(at: "127.0.0.1:0") { [weak self] stream in
            guard let self else { return }
            connections += 1
            try? await serve(stream, number: connections, pieces: pieces, script)
        }
    }

    deinit {}

    var url: String { "redis://\(server?.address ?? .any(port: 0))" }

    func close() async { await server?.close(drainTime: .zero) }

    private func serve(_ stream: ByteStream, number: Int, pieces: Int, _ script: Script) async throws {
        var parser = RESPParser()
        while true {
            let received = try await stream.read()
            if received.isEmpty { return }
            var offset = 0
            while let value = try received.withUnsafeBytes({ try parser.next($0, from: &offset) }) {
                let command = (value.elements ?? []).compactMap(\.text)
                commands.append(command)
                guard let answer = try await script(command, number) else { return stream.close() }
                var rest = Array(answer.utf8)[...]
                while !rest.isEmpty {
                    try await stream.write(rest.prefix(pieces))
                    rest = rest.dropFirst(pieces)
                    if !rest.isEmpty { await EventLoop.yield() }
                }
            }
        }
    }

    /// Greets as a server that does not know HELLO, and leaves everything else to `script`.
    static func old(pieces: Int = .max, _ script: @escaping Script) throws -> ScriptedServer {
        try ScriptedServer(pieces: pieces) { command, connection in
            switch command.first {
            case "HELLO": "-ERR unknown command 'HELLO'\r\n"
            case "CLIENT": "-ERR unknown subcommand\r\n"
            case "PING": "+PONG\r\n"
            default: try await script(command, connection)
            }
        }
    }
}
