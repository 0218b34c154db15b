/// A part of a command that is more than one argument, or one of some words.
public nonisolated protocol RedisOption: Sendable {
    /// Appends it.
    func append(to command: inout RedisCommand)

    /// Appends several of it: one after the other, unless the command wants them otherwise.
    static func append(_ options: [Self], to command: inout RedisCommand)
}

nonisolated extension RedisOption {
    /// Appends one after the other.
    public static func append(_ options: [Self], to command: inout RedisCommand) {
        for option in options { option.append(to: &command) }
    }
}

nonisolated extension RedisOption where Self: RawRepresentable, RawValue == String {
    /// Appends its word.
    public func append(to command: inout RedisCommand) { command.append(rawValue) }
}

nonisolated extension RedisOption where Self: RedisArgument {
    /// Appends it as the one argument that it is.
    public func append(to command: inout RedisCommand) { command.append(self) }
}
