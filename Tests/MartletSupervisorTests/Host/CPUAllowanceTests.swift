import Testing

@testable import MartletSupervisor

@Suite("CPU allowance")
struct CPUAllowanceTests {
    private static let v2Mount = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
    private static let v1Mount = "33 32 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:8 - cgroup cgroup rw,cpu,cpuacct"

    private func quota(cgroup: String, mountinfo: String, _ files: [String: String] = [:]) -> CPUQuota? {
        smallest(cgroup: cgroup, mountinfo: mountinfo, files).quota
    }

    private func smallest(
        cgroup: String, mountinfo: String, _ files: [String: String]
    ) -> (quota: CPUQuota?, complaints: [String]) {
        let all = files.merging(["/proc/self/cgroup": cgroup, "/proc/self/mountinfo": mountinfo]) { $1 }
        return ControlGroups.smallestQuota(HostFiles { all[$0] })
    }

    @Test("version 2: the group's own quota applies")
    func version2() {
        let quota = quota(
            cgroup: "0::/system.slice/martlet.service\n", mountinfo: Self.v2Mount,
            [
                "/sys/fs/cgroup/system.slice/martlet.service/cpu.max": "150000 100000\n",
                "/sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
            ])
        #expect(quota == CPUQuota(cpus: 1.5, path: "/sys/fs/cgroup/system.slice/martlet.service/cpu.max"))
    }

    @Test("version 2: a smaller quota of a group above wins")
    func nested() {
        let quota = quota(
            cgroup: "0::/a/b/c", mountinfo: Self.v2Mount,
            [
                "/sys/fs/cgroup/a/b/c/cpu.max": "400000 100000", "/sys/fs/cgroup/a/cpu.max": "100000 100000",
                "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
            ])
        #expect(quota == CPUQuota(cpus: 1, path: "/sys/fs/cgroup/a/cpu.max"))
    }

    @Test("version 2: max everywhere, or no file at all, is no quota")
    func unlimited() {
        #expect(quota(cgroup: "0::/a", mountinfo: Self.v2Mount, ["/sys/fs/cgroup/a/cpu.max": "max 100000"]) == nil)
        #expect(quota(cgroup: "0::/a", mountinfo: Self.v2Mount) == nil)
        #expect(quota(cgroup: "0::/", mountinfo: "") == nil)
        #expect(ControlGroups.smallestQuota(HostFiles { _ in nil }).quota == nil)
    }

    @Test("version 2 in a container with a namespace of its own: the mount point is its group")
    func namespaced() {
        let quota = quota(
            cgroup: "0::/", mountinfo: Self.v2Mount, ["/sys/fs/cgroup/cpu.max": "50000 100000"])
        #expect(quota == CPUQuota(cpus: 0.5, path: "/sys/fs/cgroup/cpu.max"))
    }

    @Test(
        "version 2 in a container without a namespace: the mount starts at its group",
        arguments: [("/docker/abc", "/sys/fs/cgroup/cpu.max"), ("/docker/abc/sub", "/sys/fs/cgroup/sub/cpu.max")])
    func partialMount(path: String, file: String) {
        let mount = "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw"
        #expect(quota(cgroup: "0::\(path)", mountinfo: mount, [file: "200000 100000"])?.path == file)
    }

    @Test("a path outside of what is mounted falls back to the mount point")
    func outside() {
        let mounts = ["/../../x", "/other"].map { "30 24 0:26 \($0) /sys/fs/cgroup ro - cgroup2 cgroup rw" }
        for mount in mounts {
            let quota = quota(cgroup: "0::/docker/abc", mountinfo: mount, ["/sys/fs/cgroup/cpu.max": "200000 100000"])
            #expect(quota?.cpus == 2)
        }
        let escaped = quota(
            cgroup: "0::/../elsewhere", mountinfo: Self.v2Mount, ["/sys/fs/cgroup/cpu.max": "300000 100000"])
        #expect(escaped?.cpus == 3)
    }

    @Test("version 1: quota and period, in this group and above")
    func version1() {
        let directory = "/sys/fs/cgroup/cpu,cpuacct"
        let files = [
            "\(directory)/a/b/cpu.cfs_quota_us": "-1\n", "\(directory)/a/b/cpu.cfs_period_us": "100000\n",
            "\(directory)/a/cpu.cfs_quota_us": "250000\n", "\(directory)/a/cpu.cfs_period_us": "100000\n",
        ]
        let cgroup = "5:memory:/m\n4:cpu,cpuacct:/a/b\n1:name=systemd:/x\n"
        let expected = CPUQuota(cpus: 2.5, path: "\(directory)/a/cpu.cfs_quota_us")
        #expect(quota(cgroup: cgroup, mountinfo: Self.v1Mount, files) == expected)
    }

    @Test("hybrid: the quota counts in whichever hierarchy it is")
    func hybrid() {
        let mounts =
            Self.v1Mount + "\n35 32 0:31 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n"
            + "36 32 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset"
        let files = [
            "/sys/fs/cgroup/cpu,cpuacct/s/cpu.cfs_quota_us": "100000",
            "/sys/fs/cgroup/cpu,cpuacct/s/cpu.cfs_period_us": "50000",
        ]
        #expect(quota(cgroup: "4:cpu,cpuacct:/s\n3:cpuset:/s\n0::/s", mountinfo: mounts, files)?.cpus == 2)
    }

    @Test(
        "a mount point with spaces is unescaped",
        arguments: [("a\\040b", "a b"), ("a\\134b", "a\\b"), ("a\\9", "a\\9")])
    func escapes(escaped: String, plain: String) {
        #expect(ControlGroups.unescape(escaped[...]) == plain)
    }

    @Test(
        "what makes no sense is ignored, and said",
        arguments: ["", "abc", "100000", "-5 100000", "100000 0", "0 100000", "99999999999999999999 1", "1 2 3"])
    func malformed(text: String) {
        let path = "/sys/fs/cgroup/a/cpu.max"
        let (quota, complaints) = smallest(cgroup: "0::/a", mountinfo: Self.v2Mount, [path: text])
        #expect(quota == nil)
        #expect(complaints == ["\(path) makes no sense"])
        let reason = CPUAllowance(cpus: [0], quota: quota, complaints: complaints).reason
        #expect(reason == "1: 1 CPU in the affinity mask, no cgroup quota, \(path) makes no sense and was ignored")
    }

    @Test("malformed lines of /proc are skipped", arguments: ["x", "::", "0::relative", "1:2", "\n\n", "- - - -"])
    func malformedLines(line: String) {
        #expect(quota(cgroup: line, mountinfo: line) == nil)
        let both = quota(
            cgroup: "\(line)\n0::/a", mountinfo: "\(line)\n\(Self.v2Mount)",
            ["/sys/fs/cgroup/a/cpu.max": "100000 100000"])
        #expect(both?.cpus == 1)
    }

    @Test(
        "the allowance is the smaller of mask and quota, and says which",
        arguments: [
            (2, nil, 2, "2: 2 CPUs in the affinity mask, no cgroup quota"),
            (1, nil, 1, "1: 1 CPU in the affinity mask, no cgroup quota"),
            (4, 1, 1, "1: cgroup quota 1.00 CPU (/f), 4 CPUs in the affinity mask"),
            (4, 1.5, 2, "2: cgroup quota 1.50 CPUs (/f), 4 CPUs in the affinity mask"),
            (4, 0.05, 1, "1: cgroup quota 0.05 CPUs (/f), 4 CPUs in the affinity mask"),
            (2, 3, 2, "2: 2 CPUs in the affinity mask, cgroup quota 3.00 CPUs (/f)"),
            (2, 1.5, 2, "2: 2 CPUs in the affinity mask, cgroup quota 1.50 CPUs (/f)"),
            (2, 1e300, 2, "2: 2 CPUs in the affinity mask, cgroup quota 1000000000.00 CPUs (/f)"),
            (0, nil, 1, "1: 1 CPU in the affinity mask, no cgroup quota"),
        ] as [(Int, Double?, Int, String)])
    func conclusion(cpus: Int, quota: Double?, count: Int, reason: String) {
        let allowance = CPUAllowance(
            cpus: Array(0..<cpus), quota: quota.map { CPUQuota(cpus: $0, path: "/f") })
        #expect(allowance.count == count)
        #expect(allowance.reason == reason)
    }

    @Test("this machine allows at least one CPU")
    func current() {
        let allowance = CPUAllowance.current()
        #expect(allowance.count >= 1 && allowance.count <= allowance.cpus.count)
    }
}
