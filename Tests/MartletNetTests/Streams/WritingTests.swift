import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Writing to streams", .timeLimit(.minutes(5)))
struct WritingTests {
    /// More than the kernel takes at once.
    private static let large = 4 << 20

    @Test("bytes, text, slices, sequences and pieces arrive in order")
    func forms() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { peer.close() }
        try await stream.write([UInt8(ascii: "a")])
        try await stream.write("b")
        try await stream.write(Array("xcx".utf8)[1...1])
        try await stream.write("xdx".utf8.dropFirst().prefix(1))
        try await stream.write([Array("e".utf8), [], Array("f".utf8)])
        try await stream.write([] as [UInt8])
        try await stream.write([] as [[UInt8]])
        try await stream.finishWriting()
        try await stream.finishWriting()
        #expect(try await peer.readToEnd(limit: 100) == Array("abcdef".utf8))
        stream.close()
    }

    private struct Form {
        let expected: [UInt8]
        let write: @MainActor (ByteStream) async throws -> Void
    }

    @Test("large texts, slices and pieces wait for the peer and arrive whole")
    func largeForms() async throws {
        let piece = (0..<Self.large).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ $0 >> 8) }
        let text = String(repeating: "täxt", count: Self.large / 5)
        for form in [
            Form(expected: piece) { try await $0.write(piece) },
            Form(expected: Array(piece[1...])) { try await $0.write(piece[1...]) },
            Form(expected: Array(text.utf8)) { try await $0.write(text) },
            Form(expected: [1] + piece + [2, 3]) { try await $0.write([[1], piece, [], [2, 3]]) },
        ] {
            let (stream, peer) = try ByteStream.pair()
            defer { peer.close() }
            let writing = Task.immediate {
                try await form.write(stream)
                try await stream.finishWriting()
            }
            await settle()
            #expect(try await peer.readToEnd(limit: form.expected.count) == form.expected)
            try await writing.value
            stream.close()
        }
    }

    @Test("writes of several tasks go out whole, in the order in which they were called")
    func takesTurns() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { peer.close() }
        let writers = (0..<8).map { number in
            Task.immediate { try await stream.write([UInt8](repeating: UInt8(number), count: Self.large / 8)) }
        }
        let finishing = Task.immediate { try await stream.finishWriting() }
        let received = try await peer.readToEnd(limit: Self.large)
        let expected = (0..<8).flatMap { [UInt8](repeating: UInt8($0), count: Self.large / 8) }
        #expect(received == expected)
        for writer in writers { try await writer.value }
        try await finishing.value
        stream.close()
    }

    @Test("of a cancelled write that has begun everything arrives; of one that waits for its turn, nothing")
    func cancellation() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { peer.close() }
        let first = Task.immediate { try await stream.write([UInt8](repeating: 1, count: Self.large)) }
        let second = Task.immediate { try await stream.write([2]) }
        let third = Task.immediate { try await stream.write([3]) }
        first.cancel()
        second.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        await #expect(throws: CancellationError.self) { try await second.value }
        let finishing = Task.immediate { try await stream.finishWriting() }
        let received = try await peer.readToEnd(limit: Self.large + 2)
        #expect(received == [UInt8](repeating: 1, count: Self.large) + [3])
        try await third.value
        try await finishing.value
        stream.close()
    }

    @Test("a write that the kernel took nothing of is as if it had not been called when it is cancelled")
    func cancelledBeforeItBegan() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { peer.close() }
        var sent = 0
        let block = [UInt8](repeating: 1, count: 1 << 16)
        while case .moved(let count) = block.withUnsafeBytes({ stream.send($0) }) { sent += count }
        let writing = Task.immediate { try await stream.write([2, 2, 2]) }
        writing.cancel()
        await #expect(throws: CancellationError.self) { try await writing.value }
        let next = Task.immediate {
            try await stream.write([3])
            try await stream.finishWriting()
        }
        let received = try await peer.readToEnd(limit: sent + 1)
        #expect(received.count == sent + 1 && received.last == 3)
        try await next.value
        stream.close()
    }

    @Test("a stream that is closed under its writers says so to all of them")
    func closedUnderWriters() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { peer.close() }
        let writers = (0..<3).map { _ in
            Task.immediate { try await stream.write([UInt8](repeating: 1, count: Self.large)) }
        }
        let finishing = Task.immediate { try await stream.finishWriting() }
        stream.close()
        for task in writers + [finishing] {
            let error = await #expect(throws: StreamError.self) { try await task.value }
            #expect(error?.code == .closed)
        }
        let late = await #expect(throws: StreamError.self) { try await stream.write("x") }
        #expect(late?.code == .closed)
    }

    @Test("a peer that goes away fails all writers with the system's words")
    func reset() async throws {
        let (client, accepted) = try await tcpPair()
        defer { client.close() }
        let writers = (0..<2).map { _ in
            Task.immediate { try await client.write([UInt8](repeating: 1, count: 32 << 20)) }
        }
        accepted.abort()
        for writer in writers {
            let error = await #expect(throws: SystemError.self) { try await writer.value }
            #expect(error?.code == ECONNRESET || error?.code == EPIPE)
        }
    }

    @Test("nothing is written after the end, while the other direction goes on")
    func halfClose() async throws {
        let (client, accepted) = try await tcpPair()
        defer {
            client.close()
            accepted.close()
        }
        try await client.write("question")
        try await client.finishWriting()
        let error = await #expect(throws: StreamError.self) { try await client.write("more") }
        #expect(error?.code == .writingFinished)
        #expect(try await accepted.readToEnd(limit: 100) == Array("question".utf8))
        try await accepted.write("answer")
        accepted.close()
        #expect(try await client.readToEnd(limit: 100) == Array("answer".utf8))
    }

    @Test("a wait for the stream to close ends when either side closes it, or is cancelled")
    func waitsUntilClosed() async throws {
        let (first, firstPeer) = try ByteStream.pair()
        let peerCloses = Task.immediate { try await first.waitUntilClosed() }
        firstPeer.close()
        try await peerCloses.value
        first.close()
        try await first.waitUntilClosed()

        let (second, secondPeer) = try ByteStream.pair()
        let cancelled = Task.immediate { try await second.waitUntilClosed() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        let closes = Task.immediate { try await second.waitUntilClosed() }
        second.close()
        try await closes.value
        secondPeer.close()
    }

    @Test("the low level sends nothing between the parts of a write")
    func lowLevelKeepsOut() async throws {
        let (stream, peer) = try ByteStream.pair()
        let writing = Task.immediate { try await stream.write([UInt8](repeating: 1, count: Self.large)) }
        #expect([UInt8(9)].withUnsafeBytes { stream.send($0) } == .wouldBlock)
        var received = 0
        while received < Self.large {
            let chunk = try await peer.read()
            #expect(chunk.allSatisfy { $0 == 1 })
            received += chunk.count
        }
        try await writing.value
        try await stream.waitUntilWritable()
        #expect([UInt8(9)].withUnsafeBytes { stream.send($0) } == .moved(1))
        stream.close()
        peer.close()
    }

    @Test("a wait for room can be cancelled, and is for one task at a time")
    func waitsForRoom() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer {
            stream.close()
            peer.close()
        }
        let block = [UInt8](repeating: 1, count: 1 << 16)
        while case .moved = block.withUnsafeBytes({ stream.send($0) }) {}
        let waiting = Task.immediate { try await stream.waitUntilWritable() }
        let error = await #expect(throws: StreamError.self) { try await stream.waitUntilWritable() }
        #expect(error?.code == .writerBusy)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test("options are set, and refused on what has none")
    func options() async throws {
        let (client, accepted) = try await tcpPair()
        defer {
            client.close()
            accepted.close()
        }
        try client.setNoDelay(false)
        #expect(SocketOptions.get(client.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY) == 0)
        try client.setKeepAlive(ListenOptions.KeepAlive(idle: .seconds(7)))
        #expect(SocketOptions.get(client.descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 7)
        try client.setKeepAlive(nil)
        #expect(SocketOptions.get(client.descriptor, SOL_SOCKET, SO_KEEPALIVE) == 0)
        try client.setSendBuffer(100_000)
        try client.setReceiveBuffer(50_000)
        #expect(SocketOptions.get(client.descriptor, SOL_SOCKET, SO_SNDBUF) == 200_000)
        #expect(client.peerAddress == accepted.localAddress && client.localAddress == accepted.peerAddress)
        let pipe = try Pipe.make()
        #expect(throws: SystemError.self) { try pipe.writing.setNoDelay(true) }
        pipe.close()
        #expect(throws: StreamError.self) { try pipe.writing.setNoDelay(true) }
    }

    @Test("no descriptor is left behind by streams, pairs and pipes")
    func leaksNothing() async throws {
        let leaks = try await leaksDescriptors {
            let pipe = try Pipe.make()
            let (first, second) = try ByteStream.pair()
            let writing = Task.immediate { try await first.write([UInt8](repeating: 1, count: Self.large)) }
            second.abort()
            _ = await writing.result
            first.close()
            pipe.close()
            let standard = try ByteStream.standardError()
            standard.close()
        }
        #expect(!leaks)
    }
}
