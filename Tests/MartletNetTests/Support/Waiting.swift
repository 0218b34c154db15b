import Glibc
import MartletLoop

@testable import MartletNet

/// Lets everything run that can, and the kernel's news arrive.
func settle() async {
    for _ in 0..<3 {
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(1)) { done.resume() } }
    }
}

/// Returns once `condition` holds; `false` when it still does not after some seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !condition() {
        guard EventLoop.Instant.readClock() < deadline else { return false }
        await settle()
    }
    return true
}

/// How many descriptors the process has open. Other tests open and close some at the same time: a leak shows by doing
/// the same thing many times.
func openDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

/// Whether `body`, done 200 times, leaves descriptors behind.
func leaksDescriptors(_ body: () async throws -> Void) async throws -> Bool {
    let before = openDescriptors()
    for _ in 0..<200 { try await body() }
    return await !eventually { openDescriptors() < before + 100 }
}

/// Connections that nobody accepts have filled the queue of a TCP socket: whoever connects now gets no answer.
final class Blackhole {
    let address: SocketAddress
    private let socket: ListeningSocket
    private var fillers: [ByteStream] = []

    init(_ address: SocketAddress) async throws {
        var options = ListenOptions()
        options.backlog = 0
        socket = try ListeningSocket.bind(address, options: options)
        self.address = socket.address
        // One more than the backlog is queued.
        fillers.append(try await connect(to: socket.address))
    }

    func close() {
        for filler in fillers { filler.close() }
        socket.close()
    }
}
