import Glibc
import MartletLoop

/// Looks a program up in the directories of PATH (man 3 exec).
nonisolated struct ProgramSearch {
    /// Where it looks when there is no PATH, as execvp does.
    private static let standardPath = "/usr/local/bin:/usr/bin:/bin"

    private let list: String

    init(_ environment: Subprocess.Environment) {
        list = environment.value(of: "PATH") ?? Self.standardPath
    }

    func path(of name: String) throws(SystemError) -> String {
        var forbidden: String?
        // What is not absolute would depend on the working directory, and on who may write there.
        for directory in list.split(separator: ":") where directory.utf8.first == UInt8(ascii: "/") {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            if access(path, X_OK) == 0 { return path }
            forbidden = forbidden ?? path
        }
        if let forbidden {
            throw SystemError(
                "start", target: name, code: EACCES, advice: "\(forbidden) is not executable for this user")
        }
        throw SystemError(
            "start", target: name, code: ENOENT,
            advice: "none of the directories of PATH (\(list)) has it: install it, or give its path")
    }
}
