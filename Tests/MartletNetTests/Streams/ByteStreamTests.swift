import Glibc
import MartletLoop
import Testing

@testable import MartletNet

@Suite("Byte streams")
struct ByteStreamTests {
    @Test("bytes arrive, and then the end")
    func readsToTheEnd() async throws {
        let (stream, peer) = try pair()
        defer { stream.close() }
        #expect(await stream.waitToRead(until: soon) == .ready)
        #expect(receive(stream) == "(would block)")
        write(peer, "hello", 5)
        #expect(await stream.waitToRead(until: soon) == .ready)
        #expect(receive(stream) == "hello")
        close(peer)
        #expect(await stream.waitToRead(until: soon) == .ready)
        #expect(receive(stream) == "")
        #expect(receive(stream) == "", "the end stays the end")
    }

    @Test("an end that arrives together with the last bytes is not missed")
    func seesTheEndBehindShortReads() async throws {
        let (stream, peer) = try pair()
        defer { stream.close() }
        write(peer, "last", 4)
        close(peer)
        await turn()
        #expect(receive(stream) == "last")
        #expect(await stream.waitToRead(until: soon) == .ready)
        #expect(receive(stream) == "")
    }

    @Test("a wait ends at its deadline, and a later wait has a deadline of its own")
    func timesOut() async throws {
        let (stream, peer) = try pair()
        defer {
            stream.close()
            close(peer)
        }
        _ = receive(stream)
        #expect(await stream.waitToRead(until: EventLoop.main.now + .milliseconds(5)) == .timedOut)
        let start = EventLoop.Instant.readClock()
        #expect(await stream.waitToRead(until: start + .milliseconds(20)) == .timedOut)
        #expect(EventLoop.Instant.readClock() - start >= .milliseconds(20))
    }

    @Test("a reader can be interrupted, and closing wakes whoever waits")
    func wakesWaiters() async throws {
        let (stream, peer) = try pair()
        defer { close(peer) }
        _ = receive(stream)
        let interrupted = Task.immediate { await stream.waitToRead(until: soon) }
        stream.interrupt()
        #expect(await interrupted.value == .interrupted)
        #expect(receive(stream) == "(would block)", "and may look what has arrived in that moment")
        let closed = Task.immediate { await stream.waitToRead(until: soon) }
        stream.close()
        #expect(await closed.value == .ready)
        guard case .failed = stream.receive(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) else {
            Issue.record("a closed stream still receives")
            return
        }
    }

    @Test("a peer that does not read holds the writer up until it reads")
    func backPressure() async throws {
        let (stream, peer) = try pair()
        defer {
            stream.close()
            close(peer)
        }
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var sent = 0
        while case .moved(let count) = block.withUnsafeBytes({ stream.send($0) }) { sent += count }
        #expect(sent > 0)
        #expect(await stream.waitToWrite(until: EventLoop.main.now + .milliseconds(5)) == .timedOut)
        var sink = [UInt8](repeating: 0, count: 1 << 20)
        while sent > 0 { sent -= read(peer, &sink, sink.count) }
        #expect(await stream.waitToWrite(until: soon) == .ready)
    }

    private var soon: EventLoop.Instant { EventLoop.Instant.readClock() + .seconds(60) }

    private func pair() throws -> (ByteStream, Int32) {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (try ByteStream(descriptor: ends[0]), ends[1])
    }

    private func receive(_ stream: ByteStream) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        switch bytes.withUnsafeMutableBytes({ stream.receive(into: $0) }) {
        case .moved(let count): return String(decoding: bytes.prefix(count), as: UTF8.self)
        case .wouldBlock: return "(would block)"
        case .failed(let code): return "(failed: \(code))"
        }
    }

    private func turn() async {
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(1)) { done.resume() } }
    }
}
