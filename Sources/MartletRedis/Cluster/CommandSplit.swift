import MartletRESP

/// A command for keys of several slots, taken apart into one for each slot, and their answers put together again.
///
/// Only commands are taken apart whose parts mean together what the whole does, but for the moment at which they are
/// executed: each part is atomic, the whole is not. `MSETNX`, which promises all or nothing, is not among them.
nonisolated struct CommandSplit {
    /// One slot's part.
    struct Part {
        let slot: RedisSlot
        let command: RedisCommand
        /// Which keys of the whole it has, from 0.
        fileprivate(set) var places: [Int]
    }

    private enum Merging {
        /// MGET: each key has an answer, in the order of the keys.
        case inOrder
        /// DEL and its like: a number of keys.
        case sum
        /// MSET: OK.
        case status
    }

    let parts: [Part]
    private let merging: Merging
    private let keyCount: Int

    /// Takes a command apart, in the order in which its slots first come.
    ///
    /// - Returns: `nil` when it is none of those that can be.
    init?(_ command: RedisCommand) {
        let name = command.name.uppercased()
        switch name {
        case "MGET": merging = .inOrder
        case "DEL", "UNLINK", "EXISTS", "TOUCH": merging = .sum
        case "MSET": merging = .status
        default: return nil
        }
        let arguments = command.argumentBytes.dropFirst()
        let step = name == "MSET" ? 2 : 1
        // Marked or not, all arguments of these are keys, or keys and values.
        guard !arguments.isEmpty, arguments.count % step == 0 else { return nil }
        keyCount = arguments.count / step
        var slots: [RedisSlot: Int] = [:]
        var commands: [(slot: RedisSlot, command: RedisCommand, places: [Int])] = []
        for place in 0..<keyCount {
            let key = arguments[1 + place * step]
            let slot = RedisSlot(of: key)
            let index = slots[slot] ?? commands.count
            if index == commands.count {
                slots[slot] = index
                var part = RedisCommand(command.name, traits: command.traits)
                part.timeout = command.timeout
                commands.append((slot, part, []))
            }
            commands[index].command.append(key: key)
            if step == 2 { commands[index].command.append(arguments[2 + place * step]) }
            commands[index].places.append(place)
        }
        parts = commands.map { Part(slot: $0.slot, command: $0.command, places: $0.places) }
    }

    /// Puts the answers together.
    ///
    /// - Parameter answers: those of the parts, in their order, of which none is an error.
    /// - Throws: ``RedisMismatch`` when one is not what its part is answered with.
    func merge(_ answers: [RESPValue]) throws(RedisMismatch) -> RESPValue {
        switch merging {
        case .status: return answers.first ?? .simple("OK")
        case .sum:
            var sum: Int64 = 0
            for answer in answers {
                let (next, overflows) = sum.addingReportingOverflow(try Int64(redis: answer))
                guard !overflows else { throw RedisMismatch(expected: "a number of keys", found: "one too large") }
                sum = next
            }
            return .integer(sum)
        case .inOrder:
            var values = [RESPValue](repeating: .null, count: keyCount)
            for (part, answer) in zip(parts, answers) {
                guard let elements = answer.elements, elements.count == part.places.count else {
                    throw RedisMismatch(expected: "\(part.places.count) values", found: answer)
                }
                for (place, element) in zip(part.places, elements) { values[place] = element }
            }
            return .array(values)
        }
    }
}
