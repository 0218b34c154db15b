import Glibc
import MartletLoop

/// How many descriptors the process and those that it starts may open (man 2 getrlimit, RLIMIT_NOFILE).
public nonisolated enum DescriptorLimit {
    /// Raises the limit to what the process may have: the soft limit of a login shell, 1024, is there for programs that
    /// use `select`.
    ///
    /// - Throws: when the kernel refuses, which it has no reason to.
    public static func raise() throws(SystemError) {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { throw SystemError("read the limit of open files") }
        guard limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(resource, &limit) == 0 else { throw SystemError("raise the limit of open files") }
    }
}
