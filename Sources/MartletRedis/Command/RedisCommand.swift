import MartletRESP

/// A command with its arguments, encoded as it is sent.
///
/// ```swift
/// let command = RedisCommand("SET", key: "greeting", "hello", "EX", 60)
/// try await client.send(command)
/// ```
///
/// Arguments are written into one buffer as they are appended, so that building a command costs a single allocation.
public nonisolated struct RedisCommand: Sendable {
    /// What is known of a command beyond its arguments.
    public struct Traits: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// A set of its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Executing it twice leaves the same as executing it once: it may be sent again when nobody knows whether it was
        /// executed.
        public static let idempotent = Traits(rawValue: 1)
        /// It changes nothing, so that a replica may answer it, too. Implies ``idempotent``.
        public static let readOnly = Traits(rawValue: 3)
        /// It may wait in the server for something to happen, and gets a connection of its own: BLPOP.
        public static let blocking = Traits(rawValue: 4)
        /// It changes the connection itself, which nobody else may be using then: SELECT, WATCH, SUBSCRIBE, MONITOR.
        public static let connection = Traits(rawValue: 8)
    }

    /// Which arguments are keys, by their positions; 0 is the command's name.
    public struct Keys: Hashable, Sendable {
        /// The first key's position, 0 when there is none.
        public private(set) var first = 0
        /// How many there are at equal distances.
        private var regular = 0
        private var step = 1
        /// Positions that lie otherwise.
        private var others: [Int] = []

        /// None.
        public init() {}

        /// How many there are.
        public var count: Int { regular + others.count }

        /// Whether there is none.
        public var isEmpty: Bool { regular == 0 }

        /// One more, behind those that there are.
        public mutating func append(_ position: Int) {
            if regular == 0 {
                first = position
                regular = 1
            } else if regular == 1, others.isEmpty {
                step = position - first
                regular = 2
            } else if others.isEmpty, position == first + regular * step {
                regular += 1
            } else {
                others.append(position)
            }
        }

        /// Their positions, in order.
        public var positions: [Int] { (0..<regular).map { first + $0 * step } + others }
    }

    /// The command's name, with that of a subcommand: `"GET"`, `"CLIENT SETNAME"`.
    public let name: String
    /// What is known of it.
    public var traits: Traits
    /// Which arguments are keys.
    public private(set) var keys = Keys()
    /// How long the server may wait before it answers, for a ``Traits/blocking`` command; `nil` is without limit.
    public var blockingTime: Duration?
    /// How long the answer is waited for; `nil` is as the settings say.
    public var timeout: Duration?
    /// Whether a bulk that it is answered with is to be made text at once, as `RESPValue.simple`.
    var wantsText = false
    /// The arguments, the name first.
    package private(set) var arguments: RESPWriter

    /// A command without arguments. Commands that block, or change the connection, are known by their names.
    ///
    /// - Parameters:
    ///   - name: its name; words of it are arguments of their own.
    ///   - traits: what else is known of it.
    ///   - capacity: how many bytes its arguments are likely to take.
    public init(_ name: String, traits: Traits = [], capacity: Int = 64) {
        self.init(exactly: name, traits: traits.union(.known(name)), capacity: capacity)
    }

    /// A command of which everything is known, that its name makes so many arguments and how those are encoded as well: nothing
    /// is looked up.
    package init(exactly name: String, encoded: StaticString, words: Int = 1, traits: Traits, capacity: Int = 64) {
        self.name = name
        self.traits = traits
        arguments = RESPWriter(encoded: encoded, count: words, capacity: capacity)
    }

    /// A command of which everything is known: nothing is looked up.
    package init(exactly name: String, traits: Traits, capacity: Int = 64) {
        self.name = name
        self.traits = traits
        arguments = RESPWriter(capacity: capacity + name.utf8.count + 16)
        arguments.write(words: name)
    }

    /// A command with arguments of which none is a key. Commands that block, or change the connection, are known by their
    /// names.
    public init(_ name: String, _ arguments: any RedisArgument..., traits: Traits = []) {
        self.init(name, traits: traits)
        for argument in arguments { argument.write(to: &self.arguments) }
        self.traits = decided.traits
    }

    /// A command whose first argument is a key, and whose others are not: see ``init(_:_:traits:)``.
    public init(_ name: String, key: any RedisArgument, _ arguments: any RedisArgument..., traits: Traits = []) {
        self.init(name, traits: traits)
        append(key: key)
        for argument in arguments { argument.write(to: &self.arguments) }
        self.traits = decided.traits
    }

    /// How many arguments there are, the words of the name included.
    public var argumentCount: Int { arguments.count }

    // MARK: Building

    /// Appends an argument.
    @inline(__always)
    public mutating func append(_ argument: some RedisArgument) {
        argument.write(to: &arguments)
    }

    /// Appends arguments that are encoded already.
    package mutating func append(encoded: StaticString, count: Int) {
        arguments.write(encoded: encoded, count: count)
    }

    /// Appends arguments.
    public mutating func append(contentsOf arguments: some Sequence<some RedisArgument>) {
        for argument in arguments { argument.write(to: &self.arguments) }
    }

    /// Appends a key.
    @inline(__always)
    public mutating func append(key: some RedisArgument) {
        keys.append(arguments.count)
        key.write(to: &arguments)
    }

    /// Appends keys.
    public mutating func append(keys: some Sequence<some RedisArgument>) {
        for key in keys { append(key: key) }
    }

    // MARK: Looking

    /// Calls `body` with each key, in order, until it says that that was enough.
    public func forEachKey(_ body: (UnsafeRawBufferPointer) -> Bool) {
        guard !keys.isEmpty else { return }
        var positions = keys.positions[...]
        arguments.forEachArgument { position, argument in
            guard position == positions.first else { return true }
            positions.removeFirst()
            return body(argument) && !positions.isEmpty
        }
    }

    /// The bytes of each argument, the words of the name first.
    public var argumentBytes: [[UInt8]] {
        var all: [[UInt8]] = []
        arguments.forEachArgument { _, argument in
            all.append([UInt8](argument))
            return true
        }
        return all
    }
}

nonisolated extension RedisCommand: CustomStringConvertible {
    /// Its name and the number of arguments: what they are may be secret.
    public var description: String { "\(name) (\(argumentCount) arguments)" }
}
