import MartletLoop
import MartletRESP

nonisolated extension RedisCommand {
    /// How many bytes it takes on the wire.
    var encodedLength: Int {
        var digits = 1
        var rest = arguments.count
        while rest >= 10 {
            digits += 1
            rest /= 10
        }
        return arguments.bytes.count + digits + 3
    }

    /// Writes it as it is sent: an array of bulks.
    func encode(into output: inout [UInt8]) {
        let count = arguments.count
        output.append(UInt8(ascii: "*"))
        if count < 10 {
            output.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: count))
        } else {
            var digits = DecimalDigits(Int64(count))
            digits.withBytes { output.append(contentsOf: $0) }
        }
        output.append(UInt8(ascii: "\r"))
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: arguments.bytes)
    }

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
