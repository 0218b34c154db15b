/// Sentinels that know where a master is.
public nonisolated struct RedisSentinels: Hashable, Sendable {
    /// Those to begin with, in the order in which they are asked. Others that these know of are asked after them.
    public var addresses: [RedisNodeAddress]
    /// What they call the master.
    public var masterName: String
    /// The user that sentinels know; `nil` is their default one. It has nothing to do with that of the master.
    public var user: String?
    /// The password that sentinels want; `nil` when they want none.
    public var password: String?

    /// Sentinels.
    public init(_ addresses: [RedisNodeAddress], masterName: String, user: String? = nil, password: String? = nil) {
        self.addresses = addresses
        self.masterName = masterName
        self.user = user
        self.password = password
    }
}

nonisolated extension RedisSentinels: CustomStringConvertible, CustomReflectable {
    /// `mymaster of 10.0.0.1:26379,10.0.0.2:26379`, without the password.
    public var description: String {
        "\(masterName) of \(addresses.map(\.description).joined(separator: ","))"
    }

    /// What `dump` and debuggers see.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "addresses": "\(addresses)", "masterName": masterName, "user": user ?? "",
                "password": password == nil ? "" : "***",
            ])
    }
}
