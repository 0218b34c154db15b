import Glibc
import MartletLoop

/// Where log entries go.
public nonisolated enum LogTarget: Hashable, Sendable {
    /// The journal when standard error is connected to it, else standard error.
    case automatic
    /// Standard error.
    case standardError
    /// The systemd journal, with structured fields.
    case journal
    /// A file, which is created and appended to.
    case file(String)

    /// From a configuration: `auto`, `stderr`, `journal` or an absolute path; `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "auto": self = .automatic
        case "stderr": self = .standardError
        case "journal": self = .journal
        case _ where text.hasPrefix("/") && !text.utf8.contains(0): self = .file(text)
        default: return nil
        }
    }

    /// What a configuration says.
    public var text: String {
        switch self {
        case .automatic: "auto"
        case .standardError: "stderr"
        case .journal: "journal"
        case .file(let path): path
        }
    }

    func open(_ identity: LogIdentity) throws(SystemError) -> any LogOutlet {
        switch self {
        case .automatic where Self.isJournalStream(STDERR_FILENO): try JournalOutlet(identity: identity)
        case .automatic, .standardError: StreamOutlet(standardError: STDERR_FILENO, identity: identity)
        case .journal: try JournalOutlet(identity: identity)
        case .file(let path): try StreamOutlet(file: path, identity: identity)
        }
    }

    /// Whether a descriptor is the stream to the journal that `JOURNAL_STREAM` names as `device:inode`
    /// (man 5 systemd.exec).
    static func isJournalStream(_ descriptor: Int32) -> Bool {
        guard let variable = getenv("JOURNAL_STREAM") else { return false }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        return String(cString: variable) == "\(facts.st_dev):\(facts.st_ino)"
    }
}

/// What log entries are written to.
nonisolated protocol LogOutlet: Sendable {
    /// Writes an entry without ever waiting for a reader; false when it was dropped.
    func write(_ entry: LogEntry) -> Bool
    /// Opens the target anew, if that means anything.
    func reopen() throws(SystemError)
    func close()
}
