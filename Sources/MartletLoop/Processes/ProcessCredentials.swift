import Glibc

/// Who a process runs as.
public nonisolated struct ProcessCredentials: Hashable, Sendable {
    /// The user.
    public var user: UInt32
    /// The group.
    public var group: UInt32
    /// Further groups.
    public var supplementaryGroups: [UInt32]

    /// Somebody, by numbers.
    public init(user: UInt32, group: UInt32, supplementaryGroups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups
    }

    private static let mostGroups = 4096
    private static let largestEntry = 1 << 20

    /// A user of this machine, with all groups that it is a member of. May ask a directory service, and wait for it.
    ///
    /// - Throws: `SystemError` when there is none of that name (`ENOENT`), or it cannot be found out.
    public init(userNamed name: String) throws(SystemError) {
        let entry = try Self.entry(name)
        var groups = [gid_t](repeating: 0, count: Self.mostGroups)
        var count = Int32(groups.count)
        guard getgrouplist(name, entry.group, &groups, &count) >= 0 else {
            throw SystemError("find the groups of user", target: name, code: E2BIG)
        }
        self.init(user: entry.user, group: entry.group, supplementaryGroups: Array(groups.prefix(Int(count))))
    }

    private static func entry(_ name: String) throws(SystemError) -> (user: UInt32, group: UInt32) {
        var size = 4096
        while true {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var strings = [CChar](repeating: 0, count: size)
            let code = getpwnam_r(name, &entry, &strings, size, &found)
            if code == ERANGE, size < largestEntry {
                size *= 4
                continue
            }
            guard code == 0 else { throw SystemError("find the user", target: name, code: code) }
            guard found != nil else {
                throw SystemError("find the user", target: name, code: ENOENT, advice: "see /etc/passwd")
            }
            return (entry.pw_uid, entry.pw_gid)
        }
    }
}
