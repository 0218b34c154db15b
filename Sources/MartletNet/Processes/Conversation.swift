import Glibc
import MartletLoop

/// Writes to one stream while it reads others to their end: the programs behind them may stop for any of these.
struct Conversation {
    /// What is written, and to where.
    let input: (stream: ByteStream, bytes: [UInt8])?
    /// What is read.
    let outputs: [ByteStream?]
    /// How many bytes of each.
    let limit: Int

    /// - Parameter command: whom a message about the limit names.
    /// - Returns: what was read from each; nothing where there is no stream.
    func hold(with command: Subprocess.Command) async throws -> [[UInt8]] {
        // What others do with what they read takes real time: a virtual clock stands still.
        EventLoop.main.externalWork += 1
        defer { EventLoop.main.externalWork -= 1 }
        // The first that fails ends the others, too.
        let read = try await gather(0...outputs.count) { index in
            if index < outputs.count {
                guard let stream = outputs[index] else { return [UInt8]() }
                return try await Self.read(stream, limit: limit, from: command)
            }
            if let input { try await Self.write(input.bytes, to: input.stream) }
            return []
        }
        return read.dropLast()
    }

    private static func write(_ bytes: [UInt8], to stream: ByteStream) async throws {
        defer { stream.close() }
        do {
            try await stream.write(bytes)
            try await stream.finishWriting()
        } catch let error as SystemError where error.code == EPIPE || error.code == ECONNRESET {
            // It has read what it wants.
        }
    }

    private static func read(
        _ stream: ByteStream, limit: Int, from command: Subprocess.Command
    ) async throws -> [UInt8] {
        defer { stream.close() }
        do {
            return try await stream.readToEnd(limit: limit)
        } catch let error as StreamError where error.code == .limitExceeded {
            throw SubprocessError(.outputLimitExceeded, command, limit: limit)
        }
    }
}
