import HTTPTypes
import MartletClient
import MartletLoop

/// How files are downloaded.
public struct DownloadOptions {
    /// What becomes of a file that is there already under the name.
    public nonisolated enum Existing: String, Hashable, Sendable, CaseIterable {
        /// It stays, and counts as downloaded, unless its checksum is known to be another.
        case keep
        /// It is replaced, in the moment in which the new one is complete.
        case replace
        /// Both stay: the new one gets a number.
        case number
        /// It stays, and the download fails.
        case fail
    }

    /// How many requests there are at once, for all files together; at least 1.
    public var concurrency = 8
    /// How many requests one host gets at once; at least 1.
    public var concurrencyPerHost = 4
    /// How many requests fetch one large file at once, when the server allows for that and hosts have room for them.
    public var segments = 4
    /// How many bytes make a segment worth a request of its own: smaller files are fetched in one piece.
    public var smallestSegment = 8 << 20
    /// Bytes a second of all files together; as fast as it goes, unless set.
    public var rateLimit: Int?
    /// A limit that is shared with others, in place of `rateLimit`; its tokens are bytes.
    public var limiter: RateLimiter?
    /// How often one file may fail in a row, without a byte more, until it is given up; at least 1.
    public var attempts = 5
    /// How long to wait between attempts; longer when the server asks for it.
    public var backoff = Backoff.exponential(from: .milliseconds(500), to: .seconds(30))
    /// The longest that a server may ask to wait (Retry-After): beyond, the file is given up.
    public var longestRetryAfter: Duration = .seconds(120)
    /// Which redirects are followed.
    public var redirects = HTTPRedirects()
    /// What becomes of files that are there already.
    public var existing = Existing.keep
    /// Whether a name that the server sends (Content-Disposition) goes before that in the URL.
    public var takesServerNames = true
    /// Fields of every request.
    public var fields = HTTPFields()
    /// The most bytes that a file may have; unless set, as many as there is room for.
    public var maximumSize: Int?
    /// Asked before a file gets larger than it was told last: how large it may become, at least as large as it says. What it
    /// throws ends the file.
    package var grantsSize: (@MainActor (_ atLeast: Int, _ isWhole: Bool) async throws -> Int)?
    /// How many bytes of the file system stay free.
    public var reservedSpace = 16 << 20
    /// Which hosts may be asked, after redirects too; all, unless set.
    public var allowsHost: (@MainActor (String) -> Bool)?
    /// Whether complete files survive a power failure right after (man 2 fsync).
    public var syncs = true
    /// Whether files get the time that the server says they were changed at (Last-Modified).
    public var keepsTimes = true
    /// How often what has arrived is noted down, so that at most that much is fetched again after a crash.
    public var checkpointInterval: Duration = .seconds(1)

    /// The defaults.
    public init() {}
}
