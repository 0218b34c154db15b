import MartletLoop
import MartletRESP

nonisolated extension RedisCommand {
    /// How many bytes it takes on the wire.
    var encodedLength: Int { arguments.encodedLength }

    /// Until when its answer is waited for.
    func deadline(_ timeouts: RedisTimeouts, from now: EventLoop.Instant) -> EventLoop.Instant {
        if let timeout { return now + timeout }
        guard traits.contains(.blocking) else { return now + timeouts.command }
        return blockingTime.map { now + $0 + timeouts.blockingGrace } ?? .distantFuture
    }

    /// Until when the answers of commands are waited for that a server executes one after the other: those that block may
    /// each take all of their time.
    static func deadline(
        of commands: [RedisCommand], _ timeouts: RedisTimeouts, from now: EventLoop.Instant
    ) -> EventLoop.Instant {
        var last = now + timeouts.command
        var begin = now
        for command in commands where command.timeout != nil || command.traits.contains(.blocking) {
            let end = command.deadline(timeouts, from: begin)
            last = max(last, end)
            if command.traits.contains(.blocking) { begin = end }
        }
        return last
    }
}

nonisolated extension RESPWriter {
    /// How many bytes they take on the wire as a command.
    var encodedLength: Int { bytes.count + DecimalDigits.count(count) + 3 }

    /// Writes them as a command is sent: an array of bulks.
    @inline(__always)
    func encode(into output: inout [UInt8]) {
        let digits = DecimalDigits.count(count)
        output.appendRaw(encodedLength) { command in
            command[0] = UInt8(ascii: "*")
            DecimalDigits.write(count, digits, to: command.baseAddress! + 1)
            command[digits + 1] = UInt8(ascii: "\r")
            command[digits + 2] = UInt8(ascii: "\n")
            bytes.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: command[(digits + 3)...]).copyMemory(from: $0)
            }
        }
    }
}
