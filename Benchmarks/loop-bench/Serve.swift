import Glibc
import MartletLoop
import MartletNet

/// An echo server of one kind, at a port of 127.0.0.1 or a path, for ever.
func serve(_ kind: String, at place: String) async throws {
    let address = try SocketAddress(parsing: kind.hasPrefix("unix") ? "unix:\(place)" : "127.0.0.1:\(place)")
    // Said ahead: it listens before anything else is done on the loop, so nobody comes too early.
    EventLoop.main.callSoon {
        print("ready")
        fflush(nil)
    }
    switch kind {
    case "tcp", "unix": try await serve(at: address, echo)
    case "tcp-reactor", "unix-reactor": try await echoWithReactors(at: address)
    case "udp": try await echoDatagrams(at: address)
    case "udp-batch": try await echoBatches(at: address)
    default: throw UnknownKind(name: kind)
    }
}

private struct UnknownKind: Error {
    let name: String
}

private func echo(_ stream: ByteStream) async throws {
    for try await chunk in stream.chunks {
        try await stream.write(chunk)
    }
}

private func echoDatagrams(at address: SocketAddress) async throws {
    let socket = try DatagramSocket(boundTo: address)
    defer { socket.close() }
    for try await datagram in socket.datagrams {
        try await socket.send(datagram.bytes, to: datagram.address)
    }
}

private func echoBatches(at address: SocketAddress) async throws {
    let socket = try DatagramSocket(boundTo: address)
    defer { socket.close() }
    while true {
        try await socket.send(socket.receiveBatch())
    }
}

private func echoWithReactors(at address: SocketAddress) async throws {
    let socket = try ListeningSocket.bind(address, options: ListenOptions())
    let listener = try Listener(
        descriptor: socket.descriptor, onAccept: EchoReactor.start, onExhaustion: { print($0) })
    defer { listener.close() }
    try await Task.sleep(for: .seconds(1_000_000_000))
}
