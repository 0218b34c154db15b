import MartletLoop
import MartletRESP

extension RedisClusterClient {
    /// Sends commands, to each node in one write, and waits for all answers.
    ///
    /// Commands for the same slot are executed in their order; between those for different nodes there is none. A command
    /// without keys goes to the same node as the one before it, so that WAIT waits for that one's replicas. Those that are
    /// redirected are sent on, in their order.
    ///
    /// - Returns: the answers in the order of the commands; those that are errors are `RESPValue.error`.
    /// - Throws: `RedisError` when a command cannot be sent, or a node does not bring all answers; what the others have
    ///   executed is then not known.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        var pipeline = try ClusterPipeline(commands)
        var patience = Patience(nil, settings.node)
        var redirections = 0
        while !pipeline.open.isEmpty {
            let groups = try await group(pipeline, within: patience)
            let results = try await all(groups) {
                (group) async throws(RedisError) -> Result<[RESPValue], RedisError> in
                do throws(RedisError) {
                    return .success(try await self.nodes.client(of: group.address).send(group.commands))
                } catch {
                    return .failure(error)
                }
            }
            var failure: RedisError?
            for (group, result) in zip(groups, results) {
                switch result {
                case .success(let answers): failure = take(answers, of: group, &pipeline) ?? failure
                case .failure(let error):
                    try note(error, of: group.address, nil)
                    // By then the map may know of somebody else.
                    for case let index? in group.units { pipeline.redirect(index, to: nil, asks: false) }
                    failure = error
                }
            }
            pipeline.closeAnswered()
            guard let failure else { continue }
            redirections += 1
            guard redirections <= settings.redirections || redirection(failure, from: groups[0].address) == nil else {
                throw failure
            }
            // The first redirection is followed at once.
            if redirections > 1 || failure.isLoss { try await patience.wait(after: failure) }
        }
        return try pipeline.answers()
    }

    /// Sends a pipeline's commands: see ``send(_:)-([RedisCommand])``.
    public func send(_ pipeline: RedisPipeline) async throws(RedisError) -> RedisAnswers {
        RedisAnswers(try await send(pipeline.commands), of: pipeline, host: "the cluster")
    }

    /// Has the cluster execute a pipeline's commands as one: all or none, with nothing of others in between. All their
    /// keys are in one slot: give them a hash tag in common. For conditions on what was read before, use
    /// `transaction(watching:)` of ``client(for:)``.
    ///
    /// - Throws: `RedisError`: ``RedisError/Code-swift.struct/invalidCommand`` when keys are in several slots, or there are
    ///   none; what the server says when it does not accept one of the commands: then none was executed.
    public func transaction(_ pipeline: RedisPipeline) async throws(RedisError) -> RedisAnswers {
        let slot = try Self.slot(of: pipeline.commands)
        var patience = Patience(nil, settings.node)
        var redirections = 0
        var next: RedisNodeAddress?
        while true {
            var address: RedisNodeAddress?
            let failure: RedisError
            do throws(RedisError) {
                let target: RedisNodeAddress
                if let next { target = next } else { target = try await choose(slot, isRead: false, within: patience) }
                address = target
                next = nil
                return try await nodes.client(of: target).transaction(pipeline)
            } catch {
                failure = error
            }
            if let redirection = redirection(failure, from: address), redirection.kind == .moved {
                redirections += 1
                guard redirections <= settings.redirections else { throw failure }
                nodes.follow(redirection)
                next = redirection.address
                if redirections > 3 { try await patience.wait(after: failure) }
                continue
            }
            // Nothing was executed of a transaction whose slot is on its way: it waits until that has arrived.
            try note(failure, of: address, nil)
            try await patience.wait(after: failure)
        }
    }

    private static func slot(of commands: [RedisCommand]) throws(RedisError) -> RedisSlot {
        var slot: RedisSlot?
        for command in commands {
            for key in command.keyBytes {
                let other = RedisSlot(of: key)
                guard other == slot ?? other else {
                    throw RedisError(
                        .invalidCommand, host: "the cluster", command: command.name,
                        "the keys of a transaction are in different slots of the cluster: give them a hash tag in "
                            + "common, such as {user1000}.name and {user1000}.age", isUnsent: true)
                }
                slot = other
            }
        }
        guard let slot else {
            throw RedisError(
                .invalidCommand, host: "the cluster", command: "MULTI",
                "a transaction without keys belongs to no node: use the client of one, masters()", isUnsent: true)
        }
        return slot
    }

    // MARK: Rounds

    /// What goes to one node in a round.
    private struct Group {
        let address: RedisNodeAddress
        var commands: [RedisCommand] = []
        /// For each command the unit that it belongs to; none for ASKING.
        var units: [Int?] = []
    }

    private func group(
        _ pipeline: ClusterPipeline, within patience: Patience
    ) async throws(RedisError) -> [Group] {
        var groups: [Group] = []
        var places: [RedisNodeAddress: Int] = [:]
        var before: RedisNodeAddress?
        for index in pipeline.open {
            let unit = pipeline.units[index]
            let address: RedisNodeAddress
            if let target = unit.target {
                address = target.address
            } else if unit.slot == nil, let before {
                address = before
            } else {
                address = try await choose(unit.slot ?? pipeline.firstSlot, isRead: false, within: patience)
            }
            before = address
            let place = places[address] ?? groups.count
            if place == groups.count {
                places[address] = place
                groups.append(Group(address: address))
            }
            if unit.target?.asks == true {
                groups[place].commands.append(RedisCommand(exactly: "ASKING", traits: []))
                groups[place].units.append(nil)
            }
            groups[place].commands.append(unit.command)
            groups[place].units.append(index)
        }
        return groups
    }

    /// - Returns: why some have to be sent again, if so.
    private func take(_ answers: [RESPValue], of group: Group, _ pipeline: inout ClusterPipeline) -> RedisError? {
        var failure: RedisError?
        for (index, answer) in zip(group.units, answers) {
            guard let index else { continue }
            guard case .error(let reply) = answer else {
                pipeline.answer(index, answer)
                continue
            }
            let error = RedisError(reply, host: "\(group.address)", command: pipeline.units[index].command.name)
            if let redirection = redirection(error, from: group.address) {
                nodes.follow(redirection)
                pipeline.redirect(index, to: redirection.address, asks: redirection.kind == .ask)
                failure = error
            } else if error.isAboutTopology, (try? note(error, of: group.address, nil)) != nil {
                pipeline.redirect(index, to: nil, asks: false)
                failure = error
            } else {
                pipeline.answer(index, answer)
            }
        }
        return failure
    }
}

/// The commands of a pipeline, those that were divided in their parts, and what was answered.
struct ClusterPipeline {
    struct Unit {
        let command: RedisCommand
        let slot: RedisSlot?
        /// Where a redirection has said that it is to be sent.
        var target: (address: RedisNodeAddress, asks: Bool)?
        var answer: RESPValue?
    }

    private(set) var units: [Unit] = []
    /// Of each command the units that it has become, and how they become one again.
    private var commands: [(units: Range<Int>, split: CommandSplit?, name: String)] = []
    /// Those without an answer, as of the last round, in order.
    private(set) var open: [Int] = []

    init(_ commands: [RedisCommand]) throws(RedisError) {
        for command in commands {
            let start = units.count
            switch ClusterRoute(command) {
            case .slot(let slot): units.append(Unit(command: command, slot: slot))
            case .anybody: units.append(Unit(command: command, slot: nil))
            case .split(let split):
                for part in split.parts { units.append(Unit(command: part.command, slot: part.slot)) }
                self.commands.append((start..<units.count, split, command.name))
                continue
            case .refused where command.name == "WAIT" || command.name == "WAITAOF":
                // For it concerns the connection of the command before it, and goes there.
                var wait = command
                wait.traits.remove(.connection)
                units.append(Unit(command: wait, slot: nil))
            case .refused(let reason):
                throw RedisError(.invalidCommand, host: "the cluster", command: command.name, reason, isUnsent: true)
            case .everyMaster, .scan:
                throw RedisError(
                    .invalidCommand, host: "the cluster", command: command.name,
                    "it concerns several nodes: send it by itself, not in a pipeline", isUnsent: true)
            }
            self.commands.append((start..<units.count, nil, command.name))
        }
        open = Array(units.indices)
    }

    /// The slot of the first unit that has one.
    var firstSlot: RedisSlot? { units.first { $0.slot != nil }?.slot }

    mutating func answer(_ index: Int, _ value: RESPValue) {
        units[index].answer = value
    }

    /// Takes those that have been answered since from those that are open.
    mutating func closeAnswered() {
        open.removeAll { units[$0].answer != nil }
    }

    mutating func redirect(_ index: Int, to address: RedisNodeAddress?, asks: Bool) {
        units[index].target = address.map { ($0, asks) }
    }

    /// The answer to each command.
    func answers() throws(RedisError) -> [RESPValue] {
        var answers: [RESPValue] = []
        for (range, split, name) in commands {
            let values = units[range].map { $0.answer ?? .null }
            guard let split else {
                answers.append(values[0])
                continue
            }
            if let error = values.first(where: { if case .error = $0 { true } else { false } }) {
                answers.append(error)
                continue
            }
            do throws(RedisMismatch) {
                answers.append(try split.merge(values))
            } catch {
                throw RedisError(
                    .unexpectedAnswer, host: "the cluster", command: name, error.description, cause: error)
            }
        }
        return answers
    }
}
