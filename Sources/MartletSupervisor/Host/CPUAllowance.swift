import CMartlet

/// How many CPUs this process may use, and why: the CPUs of its affinity mask, or fewer when a control group's quota
/// leaves less time than that.
///
/// A quota of one and a half CPUs allows two: they are throttled now and then, but one alone would leave a third of the
/// quota unused.
public nonisolated struct CPUAllowance: Equatable, Sendable {
    /// The numbers of the CPUs in the affinity mask, ascending.
    public let cpus: [Int]
    /// The smallest quota that applies, if there is one.
    public let quota: CPUQuota?
    /// How many CPUs to use; at least 1.
    public let count: Int
    /// For people: `2: 2 CPUs in the affinity mask, no cgroup quota`.
    public let reason: String

    /// Reads the affinity mask and the control groups of this process anew: both can change while it runs.
    public static func current(files: HostFiles = .system) -> CPUAllowance {
        var numbers = [Int32](repeating: 0, count: 1024)
        let found = martlet_affinity(&numbers, Int32(numbers.count))
        let cpus = numbers.prefix(max(0, min(Int(found), numbers.count))).map(Int.init)
        let (quota, complaints) = ControlGroups.smallestQuota(files)
        return CPUAllowance(cpus: cpus, quota: quota, complaints: complaints)
    }

    /// Draws the conclusion from what was read.
    ///
    /// - Parameters:
    ///   - cpus: the affinity mask; when it is empty, because the machine has more CPUs than the mask can tell, one
    ///     CPU is assumed.
    ///   - quota: the smallest quota that applies.
    ///   - complaints: what made no sense and was ignored, to be told in `reason`.
    init(cpus: [Int], quota: CPUQuota?, complaints: [String] = []) {
        self.cpus = cpus
        self.quota = quota
        let inMask = max(cpus.count, 1)
        let mask = "\(Self.plural(inMask)) in the affinity mask"
        var parts: [String]
        if let quota {
            let whole = quota.cpus < Double(inMask) ? max(1, Int(quota.cpus.rounded(.up))) : inMask
            count = min(whole, inMask)
            let limit =
                "cgroup quota \(Self.twoDecimals(quota.cpus)) \(quota.cpus == 1 ? "CPU" : "CPUs") (\(quota.path))"
            parts = count < inMask ? [limit, mask] : [mask, limit]
        } else {
            count = inMask
            parts = [mask, "no cgroup quota"]
        }
        parts += complaints.map { "\($0) and was ignored" }
        reason = "\(count): \(parts.joined(separator: ", "))"
    }

    private static func plural(_ count: Int) -> String { count == 1 ? "1 CPU" : "\(count) CPUs" }

    private static func twoDecimals(_ value: Double) -> String {
        let hundredths = Int((min(value, 1e9) * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
