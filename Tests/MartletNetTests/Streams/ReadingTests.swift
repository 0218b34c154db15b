import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Reading from streams", .timeLimit(.minutes(5)))
struct ReadingTests {
    @Test("what is read does not depend on how it arrived", arguments: 0...23)
    func everySplit(split: Int) async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { stream.close() }
        let input = Array("one\r\ntwo\n\nABCDE--=tail\n\rx".utf8)
        let sending = Task {
            try await peer.write(input[..<split])
            await settle()
            try await peer.write(input[split...])
            peer.close()
        }
        #expect(try await stream.readLine() == "one")
        #expect(try await stream.readLine() == "two")
        #expect(try await stream.readLine() == "")
        #expect(try await stream.read(exactly: 0) == [])
        #expect(try await stream.read(exactly: 3) == Array("ABC".utf8))
        #expect(try await stream.read(until: Array("--=".utf8)) == Array("DE--=".utf8))
        #expect(try await stream.readLine() == "tail")
        #expect(!stream.isAtEnd)
        #expect(try await stream.readToEnd(limit: 2) == Array("\rx".utf8))
        #expect(stream.isAtEnd)
        #expect(try await stream.read() == [])
        #expect(try await stream.readLine() == nil)
        #expect(try await stream.readToEnd(limit: 0) == [])
        try await sending.value
    }

    @Test("a read returns what there is, and leaves what it was not asked for")
    func readsUpTo() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { stream.close() }
        try await peer.write("abcdef")
        #expect(try await stream.read(upTo: 2) == Array("ab".utf8))
        #expect(try await stream.read(upTo: 1) == Array("c".utf8))
        #expect(try await stream.withChunk { Array($0) } == Array("def".utf8))
        try await peer.write("ghi")
        #expect(try await stream.withChunk { $0.count } == 3)
        peer.close()
        #expect(try await stream.withChunk { $0.count } == nil)
        #expect(stream.isAtEnd)
    }

    @Test("chunks and lines end with the stream")
    func sequences() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { stream.close() }
        try await peer.write(["a\n", "b\r\n", "no end"].map { Array($0.utf8) })
        peer.close()
        var lines: [String] = []
        for try await line in stream.lines {
            lines.append(line)
            if line == "b" { break }
        }
        #expect(lines == ["a", "b"])
        var rest: [UInt8] = []
        for try await chunk in stream.chunks { rest += chunk }
        #expect(rest == Array("no end".utf8))
    }

    @Test("a large piece arrives whole, however small the parts are that the kernel takes")
    func readsLarge() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { stream.close() }
        let sent = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        let writing = Task {
            try await peer.write(sent)
            peer.close()
        }
        #expect(try await stream.read(exactly: 1_234_567) == Array(sent[..<1_234_567]))
        #expect(try await stream.readToEnd(limit: sent.count) == Array(sent[1_234_567...]))
        try await writing.value
    }

    @Test("an end that comes too early says what has arrived")
    func endsEarly() async throws {
        for reads in [
            { _ = try await $0.read(exactly: 8) }, { _ = try await $0.read(until: [0]) },
        ] as [@MainActor (ByteStream) async throws -> Void] {
            let (stream, peer) = try ByteStream.pair()
            defer { stream.close() }
            try await peer.write("abc")
            peer.close()
            let error = await #expect(throws: StreamError.self) { try await reads(stream) }
            #expect(error?.code == .endedEarly && error?.received == Array("abc".utf8))
            #expect(error?.description.contains("ended after 3") == true)
        }
    }

    @Test("what is longer than its limit is refused and stays; a limit that is just met is not exceeded")
    func limits() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer { stream.close() }
        try await peer.write("12345\n123456\n")
        peer.close()
        #expect(try await stream.readLine(limit: 5) == "12345")
        for _ in 0..<2 {
            let error = await #expect(throws: StreamError.self) { try await stream.readLine(limit: 5) }
            #expect(error?.code == .limitExceeded && error?.limit == 5)
        }
        let error = await #expect(throws: StreamError.self) { try await stream.readToEnd(limit: 6) }
        #expect(error?.code == .limitExceeded)
        #expect(try await stream.readToEnd(limit: 7) == Array("123456\n".utf8))
    }

    @Test("a line that never ends is refused as soon as it is too long")
    func endlessLine() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer {
            stream.close()
            peer.close()
        }
        let sending = Task { while true { try await peer.write([UInt8](repeating: 65, count: 1000)) } }
        let error = await #expect(throws: StreamError.self) { try await stream.readLine(limit: 10_000) }
        #expect(error?.code == .limitExceeded)
        sending.cancel()
        await #expect(throws: CancellationError.self) { try await sending.value }
    }

    @Test("a second reader is refused while the first one waits, and may read after it")
    func oneReader() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer {
            stream.close()
            peer.close()
        }
        let first = Task.immediate { try await stream.read(exactly: 2) }
        for second in [
            { _ = try await $0.read() }, { _ = try await $0.readLine() }, { _ = try await $0.withChunk { _ in } },
            { try await $0.waitUntilReadable() },
        ] as [@MainActor (ByteStream) async throws -> Void] {
            let error = await #expect(throws: StreamError.self) { try await second(stream) }
            #expect(error?.code == .readerBusy)
        }
        try await peer.write("abc")
        #expect(try await first.value == Array("ab".utf8))
        #expect(try await stream.read() == Array("c".utf8))
    }

    @Test("a stream that is closed under its reader, or before, says so")
    func closedUnderReader() async throws {
        for read in [
            { _ = try await $0.read() }, { _ = try await $0.read(exactly: 4) }, { _ = try await $0.readLine() },
            { _ = try await $0.readToEnd(limit: 9) }, { for try await _ in $0.chunks {} },
        ] as [@MainActor (ByteStream) async throws -> Void] {
            let (stream, peer) = try ByteStream.pair()
            defer { peer.close() }
            let reading = Task.immediate { try await read(stream) }
            stream.close()
            let error = await #expect(throws: StreamError.self) { try await reading.value }
            #expect(error?.code == .closed)
            let again = await #expect(throws: StreamError.self) { try await read(stream) }
            #expect(again?.code == .closed)
        }
    }

    @Test("a reader whose descriptor was closed behind its back goes on with an error when the number is another's")
    func descriptorReplaced() async throws {
        let (stream, peer) = try ByteStream.pair()
        let reading = Task.immediate { try await stream.read() }
        let number = stream.descriptor
        // In one go, so that no other test gets the number.
        close(number)
        let copy = fcntl(peer.descriptor, F_DUPFD_CLOEXEC, number)
        try #require(copy == number)
        let other = try ByteStream(descriptor: copy)
        let error = await #expect(throws: StreamError.self) { try await reading.value }
        #expect(error?.code == .closed && stream.isClosed)
        stream.close()
        #expect(fcntl(number, F_GETFD) >= 0, "and leaves the other alone")
        other.close()
        peer.close()
    }

    @Test("a cancelled read loses nothing, wherever it was cancelled", arguments: 0...3)
    func cancellation(after count: Int) async throws {
        for read in [
            { _ = try await $0.read(exactly: 4) }, { _ = try await $0.readLine() },
            { _ = try await $0.readToEnd(limit: 9) }, { _ = try await $0.read(until: Array("d\n".utf8)) },
        ] as [@MainActor (ByteStream) async throws -> Void] {
            let (stream, peer) = try ByteStream.pair()
            defer {
                stream.close()
                peer.close()
            }
            let reading = Task.immediate { try await read(stream) }
            for byte in Array("abc".utf8).prefix(count) {
                try await peer.write([byte])
                await settle()
            }
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
            try await peer.write(Array("abcd\n".utf8)[count...])
            #expect(try await stream.readLine() == "abcd")
        }
    }

    @Test("a task that is cancelled from another thread, or before it reads, stops waiting")
    func cancelledElsewhere() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer {
            stream.close()
            peer.close()
        }
        let reading = Task.immediate { try await stream.read() }
        let thread = Task.detached { reading.cancel() }
        await #expect(throws: CancellationError.self) { try await reading.value }
        await thread.value
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await stream.read()
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        try await peer.write("still works")
        #expect(try await stream.read() == Array("still works".utf8))
    }

    @Test("the task that owns a stream stops waiting when it is cancelled, and so do its children; others do not")
    func ownership() async throws {
        let (stream, peer) = try ByteStream.pair()
        defer {
            stream.close()
            peer.close()
        }
        let owner = Task.immediate {
            try await stream.withOwner {
                let first = try await stream.read()
                #expect(first == Array("first".utf8))
                return try await stream.read()
            }
        }
        try await peer.write("first")
        await settle()
        owner.cancel()
        await #expect(throws: CancellationError.self) { try await owner.value }
        let cancelledBefore = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await stream.withOwner { try await stream.read() }
        }
        await #expect(throws: CancellationError.self) { try await cancelledBefore.value }
        let parent = Task.immediate {
            try await stream.withOwner {
                try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    group.addTask { try await stream.read() }
                    return try await group.next()
                }
            }
        }
        await settle()
        parent.cancel()
        await #expect(throws: CancellationError.self) { try await parent.value }
        let idleOwner = Task.immediate { try await stream.withOwner { try await Task.sleep(for: .seconds(100)) } }
        let other = Task.immediate { try await stream.read() }
        idleOwner.cancel()
        await #expect(throws: CancellationError.self) { try await idleOwner.value }
        try await peer.write("for the other")
        #expect(try await other.value == Array("for the other".utf8))
    }

    @Test("a stream that always has something does not keep the loop, nor cancellation, from getting through")
    func fairness() async throws {
        let file = try ByteStream(reading: open("/dev/zero", O_RDONLY | O_CLOEXEC))
        defer { file.close() }
        var ticks = 0
        let reading = Task { for try await _ in file.chunks { ticks += 1 } }
        await settle()
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        #expect(ticks > 0)
    }

    @Test("a connection that the peer resets fails the reader with the system's words")
    func reset() async throws {
        let (client, accepted) = try await tcpPair()
        defer { client.close() }
        let reading = Task.immediate { try await client.read() }
        accepted.abort()
        let error = await #expect(throws: SystemError.self) { try await reading.value }
        #expect(error?.code == ECONNRESET)
        #expect(error?.description.contains("cannot receive from 127.0.0.1:") == true)
        try await client.waitUntilClosed()
    }
}

/// The two ends of a TCP connection over loopback.
func tcpPair() async throws -> (ByteStream, ByteStream) {
    let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
    defer { socket.close() }
    let client = try await connect(to: socket.address)
    while true {
        if case .moved(let descriptor) = EventLoop.main.poller.accept(socket.descriptor) {
            return (client, try ByteStream(descriptor: Int32(descriptor)))
        }
        await settle()
    }
}
