import MartletDownloads
import MartletSQLite

/// A file that somebody has asked the service to fetch.
public nonisolated struct DownloadJob: Codable, Hashable, Sendable {
    /// Where a job is.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// It waits for its turn.
        case queued
        /// A worker fetches it.
        case running
        /// The file is there.
        case done
        /// It failed.
        case failed
        /// It was cancelled.
        case cancelled

        /// Whether nothing more happens by itself.
        public var isFinished: Bool { self == .done || self == .failed || self == .cancelled }
    }

    /// Its number.
    public let id: Int
    /// Where the file comes from, without user and password.
    public let url: String
    /// What it is called, as soon as that is known.
    public let name: String?
    /// The directory that it goes to.
    public let directory: String
    /// What its bytes have to add up to.
    public let checksum: String?
    /// Where it is.
    public let state: State
    /// How many bytes are there.
    public let bytes: Int
    /// How many there will be, as soon as that is known.
    public let total: Int?
    /// Bytes a second.
    public let rate: Int
    /// How often it has been begun.
    public let attempts: Int
    /// What was in its way.
    public let error: String?
    /// When it was asked for, in milliseconds since 1970.
    public let created: Int
    /// When something has changed.
    public let updated: Int
    /// Goes up with each change of any job.
    public let revision: Int

    init(_ row: SQLiteRow) throws {
        id = try row.int("id")
        url = try row.text("url")
        name = try row.textIfPresent("name")
        directory = try row.text("directory")
        checksum = try row.textIfPresent("checksum")
        state = State(rawValue: try row.text("state")) ?? .failed
        bytes = try row.int("bytes")
        total = try row.intIfPresent("total")
        rate = try row.int("rate")
        attempts = try row.int("attempts")
        error = try row.textIfPresent("error")
        created = try row.int("created")
        updated = try row.int("updated")
        revision = try row.int("revision")
    }
}

/// A job to be made, which has been looked at.
nonisolated struct NewJob: Sendable {
    let url: String
    let host: String
    let name: String?
    let directory: String
    let checksum: String?
}
