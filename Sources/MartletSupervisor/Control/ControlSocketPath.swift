import Glibc
import MartletLoop

/// Where the control socket is when nobody says otherwise: the daemon and its client look in the same place.
public nonisolated enum ControlSocketPath {
    /// `sun_path` without its terminating zero (man 7 unix).
    public static let longest = 107

    private static let system = "/run/martlet/control.sock"

    /// The daemon's default.
    ///
    /// | when | path |
    /// |---|---|
    /// | under systemd, with `RuntimeDirectory=` | `$RUNTIME_DIRECTORY/control.sock` |
    /// | as root | `/run/martlet/control.sock` |
    /// | in a user's session | `$XDG_RUNTIME_DIR/martlet/control.sock` |
    /// | otherwise | `/tmp/martlet-UID/control.sock` |
    ///
    /// ``makeDirectory(for:environment:)`` makes the directories.
    public static func `default`(environment: [String: String], user: uid_t = geteuid()) -> String {
        // Several runtime directories are separated by colons (man 5 systemd.exec).
        if let directory = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first, directory.hasPrefix("/") {
            return "\(directory)/control.sock"
        }
        if user == 0 { return system }
        if let directory = environment["XDG_RUNTIME_DIR"], directory.hasPrefix("/") {
            return "\(directory)/martlet/control.sock"
        }
        return "/tmp/martlet-\(user)/control.sock"
    }

    /// Makes the directory of a path, if the path is the daemon's default; other directories are their owner's to make.
    ///
    /// A directory that somebody else made in /tmp is not used.
    ///
    /// - Throws: what keeps the directory from being made or trusted.
    public static func makeDirectory(for path: String, environment: [String: String]) throws(SystemError) {
        guard path == Self.default(environment: environment), let slash = path.lastIndex(of: "/") else { return }
        let directory = String(path[..<slash])
        // The daemon's own mode decides who may connect: to root's directory everybody has a way, to a user's nobody
        // else.
        let mode: mode_t = path == system ? 0o755 : 0o700
        if mkdir(directory, mode) == 0 { return }
        guard errno == EEXIST else { throw SystemError("make the directory", target: directory) }
        guard directory.hasPrefix("/tmp/") else { return }
        var facts = stat()
        guard lstat(directory, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(),
            facts.st_mode & 0o022 == 0
        else {
            throw SystemError(
                "use the directory", target: directory, code: EPERM,
                advice: "it is not this user's alone; remove it, or name another path with control")
        }
    }

    /// Where a client looks: `MARTLET_CONTROL`, else the daemon's default for the same user, else, when nothing is
    /// there, the socket of the system's daemon.
    public static func forClient(environment: [String: String]) -> String {
        if let path = environment["MARTLET_CONTROL"], !path.isEmpty { return path }
        let own = Self.default(environment: environment)
        return access(own, F_OK) != 0 && access(system, F_OK) == 0 ? system : own
    }

    /// This process's environment, as the functions above take it.
    public static var processEnvironment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return result
    }
}
