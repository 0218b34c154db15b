/// Where a cluster is, and how to speak to its nodes.
public struct RedisClusterSettings {
    /// Nodes to begin with, one at least: the others are learned from them.
    public var seeds: [RedisNodeAddress]
    /// How to speak to all nodes: user, password, TLS, time-outs. A command is tried until its time-out: that should be
    /// longer than a failover takes, which is a little more than the cluster's `cluster-node-timeout`.
    public var node: RedisSettings
    /// Who answers commands that change nothing.
    public var reads = RedisReads.master
    /// How often a command follows redirections at most.
    public var redirections = 16
    /// How much lies between two questions for the slot map at least, however many redirections there are.
    public var refreshInterval: Duration = .milliseconds(200)
    /// Where a node is reached that calls itself something else: behind a translation of addresses.
    public var translate: (@MainActor (RedisNodeAddress) -> RedisNodeAddress)?

    /// Settings.
    ///
    /// - Parameters:
    ///   - seeds: nodes to begin with.
    ///   - node: how to speak to all nodes; the endpoint is of no account.
    public init(seeds: [RedisNodeAddress], node: RedisSettings = RedisSettings()) {
        self.seeds = seeds
        self.node = node
    }

    /// Settings from the URL of one node, or of several with the same user and password, divided by commas:
    /// `redis://:secret@10.0.0.1:6379,10.0.0.2:6379`.
    ///
    /// - Throws: ``RedisError/Code-swift.struct/invalidSettings``, also for a Unix socket and a database other than 0,
    ///   which a cluster does not have.
    public init(url: String) throws(RedisError) {
        let urls = Self.single(url)
        var seeds: [RedisNodeAddress] = []
        var node: RedisSettings?
        for url in urls {
            let settings = try RedisSettings(url: url)
            guard let address = RedisNodeAddress(settings.endpoint), settings.database == 0 else {
                throw RedisError(
                    .invalidSettings,
                    "the URL of a cluster names hosts, and no database: redis://host:port,host:port", isUnsent: true)
            }
            seeds.append(address)
            node = node ?? settings
        }
        self.init(seeds: seeds, node: node ?? RedisSettings())
    }

    /// The URL of each of several hosts.
    private static func single(_ url: String) -> [String] {
        guard let scheme = url.firstRange(of: "://") else { return [url] }
        let rest = url[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        let hostsStart = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        let head = url[..<scheme.upperBound] + authority[..<hostsStart]
        return authority[hostsStart...].split(separator: ",", omittingEmptySubsequences: false).map { host in
            "\(head)\(host)\(rest[end...])"
        }
    }
}

/// What a cluster's client has been through.
public nonisolated struct RedisClusterStatistics: Hashable, Sendable {
    /// Commands that were sent on because their slot had moved (MOVED).
    public var moved: UInt64 = 0
    /// Commands that were sent on because their slot was about to move (ASK).
    public var asked: UInt64 = 0
    /// Commands that had to be sent again for another reason: TRYAGAIN, CLUSTERDOWN, a node that was lost.
    public var repeated: UInt64 = 0
    /// How often the slot map was asked for.
    public var refreshes: UInt64 = 0

    /// None.
    public init() {}
}
