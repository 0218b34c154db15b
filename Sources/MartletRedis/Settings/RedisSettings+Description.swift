/// What is printed of settings, by themselves or within others: where and who, and never the password.
nonisolated extension RedisSettings: CustomStringConvertible, CustomReflectable {
    /// `app@example.org:6379/2`
    public var description: String {
        let name = user.map { $0 + "@" } ?? ""
        return "\(name)\(endpoint)" + (database == 0 ? "" : "/\(database)")
    }

    /// What `dump` and debuggers see.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "endpoint": "\(endpoint)", "user": user ?? "", "database": "\(database)",
                "password": password == nil ? "" : "***",
            ])
    }
}
