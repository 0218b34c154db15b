import DequeModule
import Glibc
import Logging

/// The last notable events of the service, for `show errors`.
public nonisolated struct ErrorLog: Sendable {
    /// Who reported an event.
    public enum Source: Hashable, Sendable {
        case supervisor
        case worker(slot: Int, pid: Int32)
    }

    /// One event.
    public struct Entry: Hashable, Sendable {
        /// Ascending from 1, without gaps among the kept entries.
        public let sequence: UInt64
        /// Seconds since 1970.
        public let unixTime: Int64
        /// Who reported it.
        public let source: Source
        /// How bad it is.
        public let level: Logger.Level
        /// At most 512 bytes.
        public let message: String
    }

    /// How many entries are kept.
    public static let capacity = 128
    /// How long a message may be, in bytes; the rest is cut off.
    public static let longestMessage = 512

    /// The kept entries, oldest first.
    public private(set) var entries: Deque<Entry> = []
    /// How many entries there were.
    public private(set) var recorded: UInt64 = 0

    /// An empty log.
    public init() {}

    /// Entries that had to make room for newer ones.
    public var dropped: UInt64 { recorded - UInt64(entries.count) }

    /// Adds an event; the oldest makes room for it when the log is full.
    public mutating func record(
        _ level: Logger.Level, from source: Source, _ message: String, at unixTime: Int64 = Int64(time(nil))
    ) {
        if entries.count == Self.capacity { entries.removeFirst() }
        recorded += 1
        entries.append(
            Entry(
                sequence: recorded, unixTime: unixTime, source: source, level: level,
                message: LogText.prefix(message, bytes: Self.longestMessage)))
    }
}
