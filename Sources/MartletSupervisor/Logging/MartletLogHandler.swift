import Glibc
import Logging

/// swift-log's handler of everything in this process: hands entries to the outlet of `LogSetup`.
///
/// An entry that is not wanted costs the comparison of two levels.
public nonisolated struct MartletLogHandler: LogHandler {
    private let label: String
    private var ownLevel: Logger.Level?

    /// Metadata of every entry of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Metadata of the present task, if a provider is set.
    public var metadataProvider: Logger.MetadataProvider?

    init(label: String, metadataProvider: Logger.MetadataProvider? = nil) {
        self.label = label
        self.metadataProvider = metadataProvider
    }

    /// `LogSetup.level`, until the logger is given a level of its own.
    public var logLevel: Logger.Level {
        get { ownLevel ?? LogSetup.level }
        set { ownLevel = newValue }
    }

    /// One value of `metadata`.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an entry.
    public func log(event: LogEvent) {
        LogSetup.write(entry(of: event))
    }

    func entry(of event: LogEvent) -> LogEntry {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogEntry(
            time: time, level: event.level, label: label, message: event.message.description,
            metadata: all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) },
            file: event.file, function: event.function, line: event.line)
    }
}
