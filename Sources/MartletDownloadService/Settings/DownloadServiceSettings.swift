import MartletDownloadPlan
import MartletHTTP
import MartletNet

/// What a download service may do: where to, where from, and how much.
public nonisolated struct DownloadServiceSettings: Sendable {
    /// The directory that files go to.
    public var directory: String
    /// Further directories that a job may name.
    public var directories: [String] = []
    /// The database of the jobs: an absolute path.
    public var database: String
    /// Which hosts may be asked, after redirects too.
    public var hosts: [DownloadHostPattern]
    /// Networks that may be connected to although they are not of the whole world: `10.1.0.0/16`.
    public var networks: [AddressPrefix] = []
    /// Whether every address may be connected to: loopback, private and link-local ones as well.
    public var allowsPrivate = false
    /// How many jobs run at once, in all workers together.
    public var concurrency = 4
    /// How many of them at one host.
    public var concurrencyPerHost = 2
    /// How many requests fetch one large file.
    public var segments = 4
    /// How many jobs there may be that are not finished; more are refused.
    public var waiting = 1000
    /// How many jobs there may be, finished ones included; the oldest finished ones make room for new ones.
    public var jobs = 10_000
    /// Bytes of one file.
    public var fileSize = 10 << 30
    /// Bytes of all files that there are jobs of.
    public var totalSize = 100 << 30
    /// Bytes a second of each worker; as fast as it goes, unless set.
    public var rateLimit: Int?
    /// How often a file may fail in a row until its job does.
    public var attempts = 10
    /// How long a worker that does not say that it lives keeps its jobs from others.
    public var lease: Duration = .seconds(5)

    /// Into a directory, from hosts; the database lies in the directory unless said otherwise.
    public init(directory: String, hosts: [DownloadHostPattern], database: String? = nil) {
        self.directory = directory
        self.hosts = hosts
        self.database = database ?? directory + "/.downloads.db"
    }

    /// Whether a host may be asked.
    public func allows(host: String) -> Bool { hosts.contains { $0.matches(host) } }

    /// Whether an address may be connected to: asked for each one, whatever name has led to it.
    public func allows(address: SocketAddress) -> Bool {
        if allowsPrivate || address.reach == .global { return true }
        return !address.isUnix && networks.contains { $0.contains(address.host) }
    }
}
