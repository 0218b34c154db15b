/// What a worker tells its supervisor.
public nonisolated enum WorkerReport: WorkerMessage {
    /// It accepts connections.
    case ready
    /// It cannot serve, for this reason, and ends. Shortened to 4 KiB.
    case failed(String)
    /// Something for `show errors`, with the name of a `Logger.Level`. Shortened to 4 KiB.
    case event(level: String, text: String)
    /// Nothing is under way any more, and it ends.
    case drained
    /// Certificates of that version are ready to be used.
    case preparedTLS(version: Int)
    /// Certificates of that version cannot be used, for this reason. Shortened to 4 KiB.
    case refusedTLS(version: Int, reason: String)

    private enum Kind: UInt8 {
        case ready = 65, failed, event, drained, preparedTLS, refusedTLS
    }

    /// Writes a packet.
    public func encoded() throws(WorkerMessageError) -> [UInt8] {
        var writer: WorkerMessageWriter
        switch self {
        case .ready:
            writer = .init(kind: Kind.ready.rawValue)
        case .failed(let reason):
            writer = .init(kind: Kind.failed.rawValue)
            writer.shortened(reason)
        case .event(let level, let text):
            writer = .init(kind: Kind.event.rawValue)
            try writer.text(level)
            writer.shortened(text)
        case .drained:
            writer = .init(kind: Kind.drained.rawValue)
        case .preparedTLS(let version):
            writer = .init(kind: Kind.preparedTLS.rawValue)
            try writer.number(version, UInt64.self)
        case .refusedTLS(let version, let reason):
            writer = .init(kind: Kind.refusedTLS.rawValue)
            try writer.number(version, UInt64.self)
            writer.shortened(reason)
        }
        return try writer.finish()
    }

    /// Reads a packet.
    public init(decoding bytes: [UInt8]) throws(WorkerMessageError) {
        var reader = try WorkerMessageReader(bytes)
        guard let kind = Kind(rawValue: reader.kind) else { throw reader.unknownKind }
        switch kind {
        case .ready: self = .ready
        case .failed: self = .failed(try reader.text())
        case .event: self = .event(level: try reader.text(), text: try reader.text())
        case .drained: self = .drained
        case .preparedTLS: self = .preparedTLS(version: try reader.number(UInt64.self))
        case .refusedTLS:
            self = .refusedTLS(version: try reader.number(UInt64.self), reason: try reader.text())
        }
        try reader.finish()
    }
}
