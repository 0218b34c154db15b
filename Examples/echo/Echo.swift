import Glibc
import MartletLoop
import MartletNet

/// An echo server and a client of it, over streams.
///
///     echo serve 127.0.0.1:7000
///     echo send 127.0.0.1:7000 < file
@main
struct Echo {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let verb = arguments.first, let address = arguments.last else {
            print("usage: echo serve ADDRESS | echo send ADDRESS")
            return
        }
        switch verb {
        case "serve": try await serve(try SocketAddress(parsing: address))
        default: try await send(to: try SocketAddress(parsing: address))
        }
    }

    static func serve(_ address: SocketAddress) async throws {
        let server = try StreamServer(at: address) { stream in
            for try await chunk in stream.chunks { try await stream.write(chunk) }
        }
        print("listening on \(server.address)")
        fflush(nil)
        let signal = try await waitForSignal(SIGINT, SIGTERM)
        print("\(signal): closing")
        await server.close()
    }

    /// Sends standard input and prints what comes back, both at once.
    static func send(to address: SocketAddress) async throws {
        let input = try ByteStream.standardInput()
        let output = try ByteStream.standardOutput()
        try await withConnection(to: address) { stream in
            let sending = Task {
                for try await chunk in input.chunks { try await stream.write(chunk) }
                try await stream.finishWriting()
            }
            for try await chunk in stream.chunks { try await output.write(chunk) }
            try await sending.value
        }
    }
}
