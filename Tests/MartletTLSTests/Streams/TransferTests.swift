import Glibc
import MartletLoop
import MartletNet
import Testing

@testable import MartletTLS

@Suite("Streams with TLS")
struct TransferTests {
    @Test("what is written on one side is read on the other", arguments: [TLSVersion.tls12, .tls13])
    func carriesBytes(version: TLSVersion) async throws {
        let client = try clientContext {
            $0.minimumVersion = version
            $0.maximumVersion = version
        }
        try await withSecured(client) { client, server in
            #expect(client.tls?.version == version)
            #expect(server.tls?.version == version)
            try await client.write("hello\n")
            #expect(try await server.readLine() == "hello")
            try await server.write("good day\n")
            #expect(try await client.readLine() == "good day")
        }
    }

    @Test("the end of one side leaves the other open, and is told apart from a connection that is cut")
    func closesHalf() async throws {
        try await withSecured { client, server in
            try await client.write("question")
            try await client.finishWriting()
            #expect(try await server.readToEnd(limit: 100) == Array("question".utf8))
            try await server.write("answer")
            try await server.finishWriting()
            #expect(try await client.readToEnd(limit: 100) == Array("answer".utf8))
            #expect(client.isAtEnd)
            #expect(try await client.read().isEmpty, "the end stays the end")
        }
    }

    @Test("closing says so to the peer")
    func closes() async throws {
        try await withSecured { client, server in
            try await server.write("last")
            server.close()
            #expect(try await client.readToEnd(limit: 100) == Array("last".utf8))
            #expect(server.tls == nil)
        }
    }

    @Test("a client is told when the connection is cut, after what came before; a server just reads the end")
    func tellsTruncation() async throws {
        try await withSecured { client, server in
            try await server.write("half")
            server.abortWithoutSayingSo()
            #expect(try await client.read() == Array("half".utf8))
            let error = await thrown { _ = try await client.read() } as? TLSError
            #expect(error?.code == .truncated)
            #expect(error?.description.contains("example.org") == true)
        }
        try await withSecured { client, server in
            try await client.write("half")
            client.abortWithoutSayingSo()
            #expect(try await server.readToEnd(limit: 100) == Array("half".utf8))
        }
    }

    @Test("large transfers go through while the peer reads slowly, and none of it is lost by closing")
    func appliesBackPressure() async throws {
        let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await withSecured { client, server in
            let writing = Task.immediate {
                try await server.write(bytes)
                server.close()
            }
            var received: [UInt8] = []
            while true {
                let chunk = try await client.read(upTo: 50_000)
                if chunk.isEmpty { break }
                received += chunk
            }
            try await writing.value
            #expect(received == bytes)
        }
    }

    @Test("both sides may send at the same time, more than all buffers hold")
    func sendsBothWays() async throws {
        let bytes = [UInt8](repeating: 7, count: 2 << 20)
        try await withSecured { client, server in
            let serving = Task.immediate {
                async let sent: Void = server.write(bytes)
                let received = try await server.read(exactly: bytes.count)
                try await sent
                return received.count
            }
            async let sent: Void = client.write(bytes)
            let received = try await client.read(exactly: bytes.count)
            try await sent
            #expect(received == bytes)
            #expect(try await serving.value == bytes.count)
        }
    }

    @Test("what is left in OpenSSL when a read takes less than a record is there for the next one")
    func keepsRestOfRecords() async throws {
        try await withSecured { client, server in
            try await server.write([UInt8](repeating: 1, count: 40_000))
            var small = [UInt8](repeating: 0, count: 1000)
            var total = 0
            while total < 40_000 {
                switch small.withUnsafeMutableBytes({ client.receive(into: $0) }) {
                case .moved(let count):
                    #expect(count > 0)
                    total += count
                case .wouldBlock:
                    #expect(!client.mayReceive)
                    #expect(await client.waitToRead(until: EventLoop.main.time() + .seconds(60)) == .ready)
                case .failed(let code):
                    Issue.record("error \(code)")
                    return
                }
            }
            #expect(total == 40_000)
        }
    }

    @Test("pieces of an answer leave together, and arrive in order")
    func sendsPieces() async throws {
        try await withSecured { client, server in
            let pieces: [[UInt8]] = [
                Array("head".utf8), [UInt8](repeating: 1, count: 50_000), [], Array("between".utf8),
                [UInt8](repeating: 2, count: 20_000), Array("tail".utf8),
            ]
            let expected = Array(pieces.joined())
            let sending = Task.immediate { try await server.sendAll(pieces) }
            #expect(try await client.read(exactly: expected.count) == expected)
            try await sending.value
        }
    }

    @Test("new keys are taken while bytes go both ways")
    func updatesKeys() async throws {
        try await withSecured { client, server in
            for round in 0..<5 {
                #expect((client.layer as? TLSLayer)?.updateKeys() == true)
                try await client.write("round \(round)\n")
                #expect(try await server.readLine() == "round \(round)")
                try await server.write("answer \(round)\n")
                #expect(try await client.readLine() == "answer \(round)")
            }
        }
    }

    @Test("a peer that sends nothing but new keys is cut off")
    func refusesFloods() async throws {
        try await withSecured { client, server in
            for _ in 0..<40 { #expect((client.layer as? TLSLayer)?.updateKeys() == true) }
            #expect(await tlsCode { _ = try await server.read() } == .protocolViolation)
        }
    }

    @Test("a server can write to a client that has ended its side without TLS's end")
    func writesAfterTruncation() async throws {
        try await withSecured { client, server in
            client.abortWithoutSayingSo()
            #expect(try await server.read().isEmpty)
            try await server.write("still")
            #expect(try await client.read() == Array("still".utf8))
        }
    }

    @Test("an interrupted wait looks at the socket, whatever the kernel has reported")
    func looksWhenInterrupted() async throws {
        try await withSecured { client, server in
            var buffer = [UInt8](repeating: 0, count: 100)
            let first = buffer.withUnsafeMutableBytes { server.receive(into: $0) }
            #expect(first == .wouldBlock)
            let sent = Array("now".utf8).withUnsafeBytes { client.send($0) }
            #expect(sent == .moved(3))
            server.interrupt()
            let second = buffer.withUnsafeMutableBytes { server.receive(into: $0) }
            #expect(second == .moved(3))
        }
    }

    @Test("a reactor is called for bytes that come by TLS")
    func callsReactors() async throws {
        try await withSecured { client, server in
            let reactor = Collector(server)
            reactor.park()
            for text in ["one", "two", "three"] {
                let count = reactor.text.utf8.count
                try await client.write(text)
                #expect(await eventually { reactor.text.utf8.count == count + text.utf8.count })
            }
            #expect(reactor.text == "onetwothree")
        }
    }

    @Test("TLS is not begun twice, nor on a pipe, nor while something is under way")
    func refusesUnusableStreams() async throws {
        try await withSecured { client, _ in
            let context = try clientContext()
            #expect(await tlsCode { try await client.startTLS(context, serverName: "example.org") } == .unusableStream)
            client.close()
            #expect(await tlsCode { try await client.startTLS(context, serverName: "example.org") } == .unusableStream)
        }
    }

    @Test("a read that is cancelled loses nothing")
    func cancelsReads() async throws {
        try await withSecured { client, server in
            let reading = Task.immediate { try await client.read() }
            reading.cancel()
            #expect(await thrown { _ = try await reading.value } is CancellationError)
            try await server.write("still here")
            #expect(try await client.read() == Array("still here".utf8))
        }
    }
}

/// Reads without a task.
private final class Collector: ByteStreamReactor {
    private(set) var text = ""
    private let stream: ByteStream

    init(_ stream: ByteStream) { self.stream = stream }

    deinit {}

    func park() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case .moved(let count) = buffer.withUnsafeMutableBytes({ stream.receive(into: $0) }), count > 0 {
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        if !stream.isClosed { stream.park(self) }
    }

    func waitEnded(_ wait: ByteStream.Wait) { park() }
}

extension ByteStream {
    /// Ends the TCP connection without TLS's end.
    func abortWithoutSayingSo() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sends pieces by the call that takes several.
    func sendAll(_ pieces: [[UInt8]]) async throws {
        var rest = pieces[...]
        var offset = 0
        while !rest.isEmpty {
            let base = rest.map { UnsafeMutableRawPointer.allocate(byteCount: $0.count + 1, alignment: 1) }
            defer { for memory in base { memory.deallocate() } }
            var vectors: [iovec] = []
            for (index, piece) in rest.enumerated() {
                let part = index == 0 ? piece[offset...] : piece[...]
                part.withUnsafeBytes {
                    base[index].copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base[index]), byteCount: $0.count)
                }
                vectors.append(iovec(iov_base: base[index], iov_len: part.count))
            }
            switch vectors.withUnsafeMutableBufferPointer({ send(pieces: $0) }) {
            case .moved(var count):
                while let first = rest.first, count >= first.count - offset {
                    count -= first.count - offset
                    offset = 0
                    rest.removeFirst()
                }
                offset += count
            case .wouldBlock: _ = await waitToWrite(until: EventLoop.main.time() + .seconds(60))
            case .failed(let code): throw SystemError("send", code: code)
            }
        }
    }
}
