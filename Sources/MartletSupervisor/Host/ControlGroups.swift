/// How much CPU time a control group leaves its processes.
public nonisolated struct CPUQuota: Equatable, Sendable {
    /// CPUs' worth of time, such as 1.5; above 0.
    public let cpus: Double
    /// The file that says so.
    public let path: String
}

/// The CPU quotas that apply to this process, from the files of control groups version 1 and 2 (man 7 cgroups).
///
/// A process belongs to one group in each hierarchy, and the limits of all groups above it apply too. A hierarchy is
/// visible where it is mounted, perhaps only from some group downwards (in a container), and with a cgroup namespace
/// the paths in /proc/self/cgroup start at the namespace's root.
nonisolated enum ControlGroups {
    /// A mounted hierarchy, from a line of /proc/self/mountinfo (man 5 proc).
    struct Mount: Equatable {
        /// The group that is visible at the mount point.
        let root: String
        let point: String
        let type: String
        /// Controllers of version 1, among other options.
        let options: [String]
    }

    /// The group of a process in a hierarchy, from a line of /proc/self/cgroup.
    struct Membership: Equatable {
        /// Empty in version 2.
        let controllers: [String]
        let path: String
    }

    /// The smallest quota that applies, and complaints about files that make no sense.
    static func smallestQuota(_ files: HostFiles) -> (quota: CPUQuota?, complaints: [String]) {
        guard let memberships = files["/proc/self/cgroup"].map(parseMemberships),
            let mounts = files["/proc/self/mountinfo"].map(parseMounts)
        else { return (nil, []) }

        var quotas: [CPUQuota] = []
        var complaints: [String] = []
        for membership in memberships {
            for directory in directories(of: membership, in: mounts) {
                switch quota(of: membership, at: directory, files) {
                case .none: break
                case .some(.success(let quota)): quotas.append(quota)
                case .some(.failure(let error)): complaints.append(error.text)
                }
            }
        }
        return (quotas.min { $0.cpus < $1.cpus }, complaints)
    }

    // MARK: Where the groups are

    static func parseMemberships(_ text: String) -> [Membership] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { return nil }
            return Membership(controllers: fields[1].split(separator: ",").map(String.init), path: String(fields[2]))
        }
    }

    static func parseMounts(_ text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // Optional fields end with a lone dash; then come the type, the source and the file system's options.
            guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), fields.count > dash + 3 else {
                return nil
            }
            return Mount(
                root: unescape(fields[3]), point: unescape(fields[4]), type: String(fields[dash + 1]),
                options: fields[dash + 3].split(separator: ",").map(String.init))
        }
    }

    /// Spaces, tabs, newlines and backslashes stand as three octal digits in mountinfo.
    static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            let isEscape =
                byte == UInt8(ascii: "\\") && digits.count == 3 && digits.allSatisfy { (48...55).contains($0) }
            if isEscape, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The directories of a process's group and of all groups above it, as far as they are visible.
    static func directories(of membership: Membership, in mounts: [Mount]) -> [String] {
        let candidates = mounts.filter { mount in
            if membership.controllers.isEmpty { return mount.type == "cgroup2" }
            return membership.controllers.contains("cpu") && mount.type == "cgroup" && mount.options.contains("cpu")
        }
        for mount in candidates {
            guard let below = path(membership.path, below: mount.root) else { continue }
            return ancestors(of: below).map { join(mount.point, $0) }
        }
        // The mount shows another part of the tree than the one the path is in, as in a container without a
        // namespace of its own: what it shows at its top is then the container's group.
        return candidates.first.map { [$0.point] } ?? []
    }

    /// `/a/b/c` below `/a` is `/b/c`.
    private static func path(_ path: String, below root: String) -> String? {
        if root == "/" { return path.hasPrefix("/..") ? nil : path }
        if path == root { return "/" }
        return path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : nil
    }

    /// `/a/b`, `/a`, `/`
    private static func ancestors(of path: String) -> [String] {
        var parts = path.split(separator: "/")
        var result: [String] = []
        while !parts.isEmpty {
            result.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return result + ["/"]
    }

    private static func join(_ directory: String, _ path: String) -> String {
        if path == "/" { return directory }
        return directory == "/" ? path : directory + path
    }

    // MARK: What the groups say

    private struct Malformed: Error {
        let text: String
    }

    private static func quota(
        of membership: Membership, at directory: String, _ files: HostFiles
    ) -> Result<CPUQuota, Malformed>? {
        let isVersion2 = membership.controllers.isEmpty
        let path = join(directory, isVersion2 ? "/cpu.max" : "/cpu.cfs_quota_us")
        guard let text = files[path] else { return nil }
        let period = isVersion2 ? nil : files[join(directory, "/cpu.cfs_period_us")] ?? ""
        guard let limit = parse(isVersion2 ? text : "\(text) \(period ?? "")") else {
            return .failure(Malformed(text: "\(path) makes no sense"))
        }
        switch limit {
        case .unlimited: return nil
        case .cpus(let cpus): return .success(CPUQuota(cpus: cpus, path: path))
        }
    }

    enum Limit: Equatable {
        case unlimited
        case cpus(Double)
    }

    /// A quota (`max` or -1 for none) and its period, both in microseconds; `nil` when it is something else.
    static func parse(_ text: String) -> Limit? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let period = Int64(fields[1]), period > 0 else { return nil }
        if fields[0] == "max" || fields[0] == "-1" { return .unlimited }
        guard let quota = Int64(fields[0]), quota > 0 else { return nil }
        return .cpus(Double(quota) / Double(period))
    }
}
