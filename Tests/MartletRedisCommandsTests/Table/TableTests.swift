import MartletRESP
import MartletRedis
import RedisFixture
import Testing

/// The table next to what a real server says of its commands.
@Suite("the table of commands")
struct TableTests {
    /// What COMMAND says of one command.
    private struct ServerCommand {
        let name: String
        let arity: Int
        let flags: Set<String>
        let isContainer: Bool

        init(_ value: RESPValue) throws {
            let parts = try #require(value.elements)
            let subcommands = try #require(parts.count > 9 ? parts[9].elements : [])
            name = try String(redis: parts[0]).uppercased().split(separator: "|").joined(separator: " ")
            arity = try Int(redis: parts[1])
            flags = Set(try [String](redis: parts[2]))
            isContainer = !subcommands.isEmpty
        }
    }

    private func serverCommands(_ client: RedisClient) async throws -> [String: ServerCommand] {
        var commands: [String: ServerCommand] = [:]
        func add(_ value: RESPValue) throws {
            let command = try ServerCommand(value)
            commands[command.name] = command
            for subcommand in value.elements.flatMap({ $0.count > 9 ? $0[9].elements : nil }) ?? [] {
                try add(subcommand)
            }
        }
        for value in try await client.command() { try add(value) }
        return commands
    }

    @Test("every command of the server is in the table, or left out for a reason, and no other is")
    func completeness() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            let server = try await serverCommands(client)
            let groups = try await CommandGroup.known(to: client)
            let table = Set(groups.flatMap(\.commands).map(\.name))
            let omitted = Set(groups.flatMap(\.omissions.keys))
            let missing = server.values.filter { !$0.isContainer }.map(\.name).filter {
                !table.contains($0) && !omitted.contains($0)
            }
            #expect(missing.sorted() == [])
            #expect(table.union(omitted).filter { server[$0] == nil }.sorted() == [])
            #expect(server.count > 350)
        }
    }

    @Test("what the table says of a command is what the server says")
    func facts() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            let server = try await serverCommands(client)
            // These wait when an option says so, or are not said to wait at all.
            let waitsSometimes: Set = ["XREAD", "XREADGROUP", "WAIT"]
            for command in try await CommandGroup.known(to: client).flatMap(\.commands) {
                let known = try #require(server[command.name])
                let name = Comment(rawValue: command.name)
                #expect(command.flags.contains("read") == known.flags.contains("readonly"), name)
                #expect(command.flags.contains("write") == known.flags.contains("write"), name)
                #expect(command.flags.contains("admin") == known.flags.contains("admin"), name)
                if !waitsSometimes.contains(command.name) {
                    #expect(command.flags.contains("blocking") == known.flags.contains("blocking"), name)
                }
            }
        }
    }

    @Test("groups and versions are those of the server's documentation")
    func documentation() async throws {
        try await withClient(protocolVersion: 2) { (client) async throws in
            for group in try await CommandGroup.known(to: client) {
                for command in group.commands {
                    let words = command.name.lowercased().split(separator: " ").map(String.init)
                    let name = words.joined(separator: "|")
                    let documentation = try #require(try await client.commandDocs([name])[name])
                    let facts = try [String: RESPValue](redis: documentation)
                    // A container's own documentation has that of its subcommands within.
                    #expect(facts["group"]?.text == group.name, Comment(rawValue: command.name))
                    #expect(facts["since"]?.text == command.since, Comment(rawValue: command.name))
                }
            }
        }
    }

    @Test("every call has as many arguments as the server wants")
    func arity() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            let server = try await serverCommands(client)
            for command in try await CommandGroup.known(to: client).flatMap(\.commands) {
                let arity = try #require(server[command.name]).arity
                for sample in command.samples {
                    let count = sample.command.argumentCount
                    #expect(
                        arity > 0 ? count == arity : count >= -arity,
                        "\(sample.method): \(sample.command.argumentBytes.map { String(decoding: $0, as: UTF8.self) })")
                }
            }
        }
    }

    @Test("the server finds the same keys in every call")
    func keys() async throws {
        try await withClient(protocolVersion: 3) { (client) async throws in
            for sample in try await CommandGroup.known(to: client).flatMap(\.commands).flatMap(\.samples) {
                let arguments = sample.command.argumentBytes
                let call = arguments.map { String(decoding: $0, as: UTF8.self) }
                // The server does not count a sharded channel as a key, but it has a slot like one.
                if call[0] == "SPUBLISH" { continue }
                guard arguments.count > 1 else {
                    #expect(sample.keys.isEmpty)
                    continue
                }
                var question = RedisCommand("COMMAND GETKEYS")
                for argument in arguments { question.append(argument) }
                var keys: [[UInt8]] = []
                do throws(RedisError) {
                    keys = try await client.send(question, as: [[UInt8]].self)
                } catch {
                    // It has no other way to say that there are none.
                    let isNone = ["no key arguments", "Invalid number of arguments", "Invalid arguments specified"]
                    #expect(isNone.contains { error.reason.contains($0) }, "\(sample.method): \(error)")
                }
                #expect(Set(sample.keys) == Set(keys), "\(call)")
            }
        }
    }
}
