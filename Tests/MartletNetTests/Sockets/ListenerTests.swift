import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Listening", .serialized)
struct ListenerTests {
    @Test(
        "a client reaches the address that the kernel chose",
        arguments: ["127.0.0.1:0", "[::1]:0", ":0", "unix:@martlet-test-listener"])
    func accepts(text: String) async throws {
        let socket = try ListeningSocket.bind(SocketAddress(parsing: text), options: ListenOptions())
        #expect(socket.address.port != 0)
        var client: Client?
        let accepted = await withUnsafeContinuation { (done: UnsafeContinuation<Int32, Never>) in
            var listener: Listener?
            listener = try? Listener(
                descriptor: socket.descriptor,
                onAccept: { descriptor in
                    listener?.close()
                    listener = nil
                    done.resume(returning: descriptor)
                }, onExhaustion: { _ in })
            client = try? Client(socket.address)
        }
        #expect(client != nil && accepted >= 0)
        close(accepted)
    }

    @Test("an address that is in use is refused, even by a socket that would share it")
    func refusesUsedAddress() throws {
        let first = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        defer { first.close() }
        var sharing = ListenOptions()
        sharing.reusesPort = true
        let error = #expect(throws: SystemError.self) { try ListeningSocket.bind(first.address, options: sharing) }
        #expect(error?.description.contains("address already in use; stop what listens there") == true)
    }

    @Test("sockets that share a port both listen there; a stranger's claim on it is refused")
    func sharesPorts() throws {
        var options = ListenOptions()
        options.reusesPort = true
        let first = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: options)
        defer { first.close() }
        #expect(throws: SystemError.self) { try ListeningSocket.bind(first.address, options: options) }
        options.claimsAddress = false
        let second = try ListeningSocket.bind(first.address, options: options)
        defer { second.close() }
        #expect(second.address == first.address)
    }

    @Test(
        "a Unix socket's file is replaced when nobody serves it, refused when somebody does, and never removed when it is no socket"
    )
    func claimsUnixFiles() throws {
        let path = "/tmp/martlet-listener-\(getpid()).sock"
        let address = try SocketAddress(parsing: "unix:\(path)")
        defer { unlink(path) }
        var options = ListenOptions()
        options.mode = 0o600
        let first = try ListeningSocket.bind(address, options: options)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let error = #expect(throws: SystemError.self) { try ListeningSocket.bind(address, options: options) }
        #expect(error?.description.contains("another process serves it") == true)
        first.close()
        try ListeningSocket.bind(address, options: options).close()
        unlink(path)
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        let refused = #expect(throws: SystemError.self) { try ListeningSocket.bind(address, options: options) }
        #expect(refused?.description.contains("the file is no socket") == true)
    }

    @Test("a paused listener leaves connections in the queue")
    func pauses() async throws {
        let socket = try ListeningSocket.bind(SocketAddress(parsing: "127.0.0.1:0"), options: ListenOptions())
        var accepted: [Int32] = []
        let listener = try Listener(
            descriptor: socket.descriptor, onAccept: { accepted.append($0) }, onExhaustion: { _ in })
        listener.pause()
        let client = try Client(socket.address)
        await pause(.milliseconds(20))
        #expect(accepted.isEmpty)
        listener.resume()
        while accepted.isEmpty { await pause(.milliseconds(1)) }
        listener.close()
        for descriptor in accepted { close(descriptor) }
        withExtendedLifetime(client) {}
    }
}

func pause(_ duration: Duration) async {
    await withUnsafeContinuation { done in EventLoop.main.callLater(duration) { done.resume() } }
}

/// A blocking client's socket, closed with the object.
final class Client {
    let descriptor: Int32

    init(_ address: SocketAddress) throws {
        let target: SocketAddress =
            if case .any(let port) = address { .ipv4(.init(bits: 0x7f00_0001), port: port) } else { address }
        let made = socket(target.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0, target.withSystemAddress({ connect(made, $0, $1) }) == 0 else {
            throw SystemError("connect to", target: "\(address)")
        }
        descriptor = made
    }

    isolated deinit { close(descriptor) }
}
