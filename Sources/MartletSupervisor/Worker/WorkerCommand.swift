/// What a supervisor tells a worker.
public nonisolated enum WorkerCommand: WorkerMessage {
    /// The first message: who the worker is and what it got.
    case start(WorkerStart)
    /// Accept from the sockets of another slot too; their descriptors come along, in the order of the listeners.
    case adopt(slot: Int, listeners: [ListenerDescription])
    /// Stop accepting from the adopted sockets of that slot and close them.
    case release(slot: Int)
    /// Stop accepting, finish what is under way, and end after this many milliseconds at the latest.
    case drain(milliseconds: Int)
    /// End at once.
    case stop
    /// Log from this level on: the name of a `Logger.Level`, for the receiver to check.
    case logLevel(String)
    /// Open the log file anew.
    case reopenLogs
    /// Make ready the certificates in the memory file that comes along, and tell whether they can be used.
    case prepareTLS(version: Int)
    /// Use the certificates of that version for new handshakes.
    case useTLS(version: Int)
}

/// Who a worker is and what it got.
public nonisolated struct WorkerStart: Hashable, Sendable {
    /// The slot whose sockets it accepts from.
    public var slot: Int
    /// Goes up with each reload.
    public var generation: Int
    /// Where its statistics block starts.
    public var statisticsOffset: Int
    /// How large the block is.
    public var blockSize: Int
    /// The name of a `Logger.Level`.
    public var logLevel: String
    /// The program's name for logs.
    public var identity: String
    /// Its listening sockets, in the order of their descriptors.
    public var listeners: [ListenerDescription]

    /// All of it.
    public init(
        slot: Int, generation: Int, statisticsOffset: Int, blockSize: Int, logLevel: String, identity: String,
        listeners: [ListenerDescription]
    ) {
        self.slot = slot
        self.generation = generation
        self.statisticsOffset = statisticsOffset
        self.blockSize = blockSize
        self.logLevel = logLevel
        self.identity = identity
        self.listeners = listeners
    }
}

extension WorkerCommand {
    private nonisolated enum Kind: UInt8 {
        case start = 1, adopt, release, drain, stop, logLevel, reopenLogs, prepareTLS, useTLS
    }

    /// Writes a packet.
    public nonisolated func encoded() throws(WorkerMessageError) -> [UInt8] {
        var writer: WorkerMessageWriter
        switch self {
        case .start(let start):
            writer = .init(kind: Kind.start.rawValue)
            try writer.number(start.slot, UInt32.self)
            try writer.number(start.generation, UInt64.self)
            try writer.number(start.statisticsOffset, UInt64.self)
            try writer.number(start.blockSize, UInt64.self)
            try writer.text(start.logLevel)
            try writer.text(start.identity)
            try writer.listeners(start.listeners)
        case .adopt(let slot, let listeners):
            writer = .init(kind: Kind.adopt.rawValue)
            try writer.number(slot, UInt32.self)
            try writer.listeners(listeners)
        case .release(let slot):
            writer = .init(kind: Kind.release.rawValue)
            try writer.number(slot, UInt32.self)
        case .drain(let milliseconds):
            writer = .init(kind: Kind.drain.rawValue)
            try writer.number(milliseconds, UInt64.self)
        case .stop:
            writer = .init(kind: Kind.stop.rawValue)
        case .logLevel(let level):
            writer = .init(kind: Kind.logLevel.rawValue)
            try writer.text(level)
        case .reopenLogs:
            writer = .init(kind: Kind.reopenLogs.rawValue)
        case .prepareTLS(let version):
            writer = .init(kind: Kind.prepareTLS.rawValue)
            try writer.number(version, UInt64.self)
        case .useTLS(let version):
            writer = .init(kind: Kind.useTLS.rawValue)
            try writer.number(version, UInt64.self)
        }
        return try writer.finish()
    }

    /// Reads a packet.
    public nonisolated init(decoding bytes: [UInt8]) throws(WorkerMessageError) {
        var reader = try WorkerMessageReader(bytes)
        guard let kind = Kind(rawValue: reader.kind) else { throw reader.unknownKind }
        switch kind {
        case .start:
            self = .start(
                WorkerStart(
                    slot: try reader.number(UInt32.self), generation: try reader.number(UInt64.self),
                    statisticsOffset: try reader.number(UInt64.self), blockSize: try reader.number(UInt64.self),
                    logLevel: try reader.text(), identity: try reader.text(), listeners: try reader.listeners()))
        case .adopt:
            self = .adopt(slot: try reader.number(UInt32.self), listeners: try reader.listeners())
        case .release: self = .release(slot: try reader.number(UInt32.self))
        case .drain: self = .drain(milliseconds: try reader.number(UInt64.self))
        case .stop: self = .stop
        case .logLevel: self = .logLevel(try reader.text())
        case .reopenLogs: self = .reopenLogs
        case .prepareTLS: self = .prepareTLS(version: try reader.number(UInt64.self))
        case .useTLS: self = .useTLS(version: try reader.number(UInt64.self))
        }
        try reader.finish()
    }
}
