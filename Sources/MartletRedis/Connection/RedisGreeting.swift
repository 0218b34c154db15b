import MartletLoop
import MartletRESP

/// What a connection says before anything else: version, user, name, database.
///
/// ```
///   HELLO 3 AUTH … SETNAME …, CLIENT SETINFO, SELECT ──▶ all is said in one write
///        │ the server does not know HELLO, or this user may not say it, or it does not speak version 3
///        ▼
///   AUTH, CLIENT SETNAME, SELECT ──▶ version 2
/// ```
struct RedisGreeting {
    private let connection: RedisConnection
    private let settings: RedisSettings
    private let deadline: EventLoop.Instant

    init(_ connection: RedisConnection) {
        self.connection = connection
        settings = connection.settings
        deadline = EventLoop.main.now + settings.timeouts.connect
    }

    func perform() async throws(RedisError) {
        try check()
        if settings.protocolVersion == .resp3, try await sayHello() { return }
        try await authenticate()
    }

    /// What would be read as something else than it is meant to be.
    private func check() throws(RedisError) {
        if let name = settings.clientName, name.utf8.contains(where: { $0 <= 0x20 || $0 > 0x7e }) {
            throw RedisError(
                .invalidSettings, host: connection.host, "the client's name has spaces or other than ASCII characters",
                isUnsent: true)
        }
        if settings.database < 0 {
            throw RedisError(.invalidSettings, host: connection.host, "the database is negative", isUnsent: true)
        }
    }

    /// Greets in version 3.
    ///
    /// - Returns: whether the server took it; otherwise it is to be spoken to in version 2.
    private func sayHello() async throws(RedisError) -> Bool {
        var hello = RedisCommand("HELLO", traits: .connection)
        hello.append("3")
        if let password = settings.password {
            hello.append("AUTH")
            hello.append(settings.user ?? "default")
            hello.append(password)
        }
        if let name = settings.clientName {
            hello.append("SETNAME")
            hello.append(name)
        }
        let answers = try await say([hello] + info + select)
        if case .error(let reply) = answers[0] {
            // What else fails says so once more, in version 2; only that credentials are wrong is told at once.
            if ["WRONGPASS", "NOAUTH"].contains(reply.code) { throw failure(reply, "HELLO") }
            return false
        }
        connection.protocolVersion = .resp3
        for entry in answers[0].entries ?? [] {
            if let key = entry.key.text, let value = try? String(redis: entry.value) {
                connection.greeting[key] = value
            }
        }
        if !select.isEmpty, case .error(let reply) = answers[answers.count - 1] { throw failure(reply, "SELECT") }
        return true
    }

    /// A server that is full, or takes nobody from outside, says so in place of the first answer, and hangs up.
    private func say(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        let batch = RedisBatch(count: commands.count)
        do throws(RedisError) {
            let answers = try await connection.exchange(commands, deadline: deadline, in: batch)
            guard case .error(let reply) = answers[0], Self.goesWithHangingUp(reply) else { return answers }
            throw hungUp(reply, commands[0])
        } catch {
            guard error.code == .connectionLost else { throw error }
            // It may even have said so before it was told anything.
            if let reply = connection.closeReason?.reply { throw hungUp(reply, commands[0]) }
            guard case .error(let reply) = batch.values.last else { throw error }
            throw hungUp(reply, commands[batch.values.count - 1])
        }
    }

    private static func goesWithHangingUp(_ reply: RESPErrorReply) -> Bool {
        reply.code == "DENIED" || reply.text.hasPrefix("ERR max number of clients")
    }

    private func hungUp(_ reply: RESPErrorReply, _ command: RedisCommand) -> RedisError {
        let plain = RedisError(reply, host: connection.host, command: command.name)
        return RedisError(
            .connection, host: connection.host, command: command.name, "the server hung up: \(plain.reason)",
            reply: plain.reply, isUnsent: true)
    }

    private func authenticate() async throws(RedisError) {
        var commands: [RedisCommand] = []
        if let password = settings.password {
            var auth = RedisCommand("AUTH", traits: .connection)
            if let user = settings.user { auth.append(user) }
            auth.append(password)
            commands.append(auth)
        }
        if let name = settings.clientName { commands.append(RedisCommand("CLIENT SETNAME", name)) }
        // Also when there is nothing to say: this is how one learns that the server wants a password.
        commands.append(contentsOf: select.isEmpty ? [RedisCommand("PING")] : select)
        let answers = try await say(commands)
        for (command, answer) in zip(commands, answers) {
            guard case .error(let reply) = answer else { continue }
            // A name is a courtesy; and that the server answers is what matters, commands learn the rest.
            if command.name == "CLIENT SETNAME" || (command.name == "PING" && reply.code != "NOAUTH") { continue }
            throw failure(reply, command.name)
        }
    }

    /// Tells the server what this is; servers before 7.2 do not know the command, which is none of anybody's business.
    private var info: [RedisCommand] { [RedisCommand("CLIENT SETINFO", "LIB-NAME", "martlet")] }

    private var select: [RedisCommand] {
        settings.database == 0 ? [] : [RedisCommand("SELECT", settings.database)]
    }

    private func failure(_ reply: RESPErrorReply, _ command: String) -> RedisError {
        let isAboutCredentials = ["WRONGPASS", "NOAUTH"].contains(reply.code) || command == "AUTH"
        let plain = RedisError(reply, host: connection.host, command: command)
        return RedisError(
            isAboutCredentials ? .authentication : .server, host: connection.host, command: command, plain.reason,
            reply: plain.reply, isUnsent: true)
    }
}
