import Glibc
import Logging
import MartletLoop
import Synchronization

/// Who writes a log entry: told by every entry.
public nonisolated struct LogIdentity: Hashable, Sendable {
    /// The program, such as `martletd`.
    public var name: String
    /// The worker's slot; `nil` in the supervisor.
    public var slot: Int?
    /// The worker's generation; `nil` in the supervisor.
    public var generation: Int?

    /// An identity.
    public init(name: String, slot: Int? = nil, generation: Int? = nil) {
        self.name = name
        self.slot = slot
        self.generation = generation
    }
}

/// The process's logging: where entries go and which levels are wanted. Everything may be called from any thread.
///
/// ```swift
/// try LogSetup.bootstrap(target: .automatic, level: .info, identity: LogIdentity(name: "martletd"))
/// Logger(label: "martlet.server").info("serving", metadata: ["address": "127.0.0.1:8080"])
/// ```
public nonisolated enum LogSetup {
    /// Makes swift-log write to the target; called again, it switches target, level and identity.
    ///
    /// Ignores SIGPIPE for the process: a log whose reader is gone must not end it.
    ///
    /// - Throws: when the target cannot be opened; what was set up before then goes on.
    public static func bootstrap(target: LogTarget, level: Logger.Level, identity: LogIdentity) throws(SystemError) {
        let outlet = try target.open(identity)
        signal(SIGPIPE, SIG_IGN)
        self.level = level
        let (previous, isFirst) = state.withLock { state in
            let previous = state.outlet
            state.outlet = outlet
            defer { state.isBootstrapped = true }
            return (previous, !state.isBootstrapped)
        }
        previous?.close()
        if isFirst {
            LoggingSystem.bootstrap({ MartletLogHandler(label: $0, metadataProvider: $1) }, metadataProvider: nil)
        }
    }

    /// Entries below this level are not written. Loggers that were given a level of their own keep it.
    public static var level: Logger.Level {
        get { levels[wantedLevel.load(ordering: .relaxed)] }
        set { wantedLevel.store(newValue.index, ordering: .relaxed) }
    }

    /// Opens a log file anew, because it was moved away; does nothing for other targets.
    ///
    /// - Throws: when the file cannot be opened; entries then still go to the old one.
    public static func reopen() throws(SystemError) {
        let result: Result<Void, SystemError> = state.withLock { state in
            do throws(SystemError) {
                try state.outlet?.reopen()
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Entries that could not be written: a full disk, a closed pipe, a reader that does not read.
    public static var dropped: UInt64 { droppedEntries.load(ordering: .relaxed) }

    static func write(_ entry: LogEntry) {
        let isWritten = state.withLock { state in state.outlet?.write(entry) ?? true }
        if !isWritten { droppedEntries.wrappingAdd(1, ordering: .relaxed) }
    }

    private struct State {
        var outlet: (any LogOutlet)?
        var isBootstrapped = false
    }

    private static let state = Mutex(State())
    /// Made once: `allCases` builds an array at every access.
    private static let levels = Logger.Level.allCases
    private static let wantedLevel = Atomic(Logger.Level.info.index)
    private static let droppedEntries = Atomic<UInt64>(0)
}

extension Logger.Level {
    /// The level's place among all levels, from `trace`.
    nonisolated var index: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    /// The priority of syslog and the journal (man 3 syslog).
    nonisolated var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
