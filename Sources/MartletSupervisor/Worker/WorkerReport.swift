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

    private enum Kind: UInt8 {
        case ready = 65, failed, event, drained
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
        }
        try reader.finish()
    }
}
