import Glibc
import MartletLoop
import MartletNet
import Testing

@Suite("Pipes, FIFOs and terminals")
struct PipeTests {
    @Test("what is written to one end is read from the other, and then the end")
    func carries() async throws {
        let pipe = try Pipe.make()
        defer { pipe.close() }
        try await pipe.writing.write("one\ntwo")
        #expect(try await pipe.reading.readLine() == "one")
        #expect(!pipe.reading.isAtEnd)
        try await pipe.writing.finishWriting()
        #expect(pipe.writing.isClosed)
        #expect(try await pipe.reading.readLine() == "two")
        #expect(try await pipe.reading.readLine() == nil)
        #expect(pipe.reading.isAtEnd)
    }

    @Test("a writer is held up until the pipe is read, and everything arrives")
    func backPressure() async throws {
        let pipe = try Pipe.make()
        defer { pipe.close() }
        let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        async let writing: Void = {
            try await pipe.writing.write(sent)
            try await pipe.writing.finishWriting()
        }()
        #expect(try await pipe.reading.readToEnd(limit: sent.count) == sent)
        try await writing
    }

    @Test("a write to a pipe that nobody reads is an error, not a signal")
    func broken() async throws {
        let pipe = try Pipe.make()
        defer { pipe.close() }
        pipe.reading.close()
        let error = await #expect(throws: SystemError.self) { try await pipe.writing.write("x") }
        #expect(error?.code == EPIPE)
    }

    @Test("the ends go one way")
    func directions() async throws {
        let pipe = try Pipe.make()
        defer { pipe.close() }
        let unreadable = await #expect(throws: StreamError.self) { try await pipe.writing.read() }
        #expect(unreadable?.code == .notReadable)
        let unwritable = await #expect(throws: StreamError.self) { try await pipe.reading.write("x") }
        #expect(unwritable?.code == .notWritable)
    }

    @Test("a FIFO, a regular file and /dev/null are read and written like pipes")
    func otherFiles() async throws {
        let path = "/tmp/martlet-fifo-\(getpid())"
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let fifo = try ByteStream(duplex: open(path, O_RDWR | O_CLOEXEC))
        try await fifo.write("through a FIFO\n")
        #expect(try await fifo.readLine() == "through a FIFO")
        fifo.close()

        let filePath = "/tmp/martlet-file-\(getpid())"
        let descriptor = open(filePath, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { unlink(filePath) }
        let file = try ByteStream(writing: descriptor)
        let copy = try ByteStream(reading: open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC))
        let text = String(repeating: "line\n", count: 100_000)
        try await file.write(text)
        file.close()
        var lines = 0
        for try await line in copy.lines where line == "line" { lines += 1 }
        #expect(lines == 100_000)
        copy.close()

        let null = try ByteStream(duplex: open("/dev/null", O_RDWR | O_CLOEXEC))
        try await null.write(text)
        #expect(try await null.read() == [])
        null.close()
    }

    @Test("a terminal's lines come one by one, and its other side's closing is the end")
    func terminal() async throws {
        var ends: (Int32, Int32) = (-1, -1)
        try #require(openpty(&ends.0, &ends.1, nil, nil, nil) == 0)
        let user = try ByteStream(duplex: ends.0)
        let program = try ByteStream(duplex: ends.1)
        try await user.write("first\nsecond\n")
        #expect(try await program.readLine() == "first")
        #expect(try await program.readLine() == "second")
        program.close()
        var echo = ""
        while let line = try await user.readLine() { echo += line + "|" }
        #expect(echo == "first|second|")
        user.close()
    }
}
