import Glibc

/// Names that nobody else has, as a thread makes them.
nonisolated enum TemporaryName {
    private static let attempts = 100

    /// Where temporary files go: `TMPDIR`, or `/tmp`.
    static var standardDirectory: String {
        guard let value = getenv("TMPDIR"), value.pointee != 0 else { return "/tmp" }
        return String(cString: value)
    }

    /// The directory that a path's last part is in.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Creates a file for what is to become `path`.
    static func create(beside path: String, permissions: UInt32) throws(SystemError) -> (name: String, made: Int32) {
        try attempt("\(directory(of: path))/.martlet-") { name throws(SystemError) in
            try FileCalls.open(name, O_RDWR | O_CREAT | O_EXCL, permissions)
        }
    }

    /// Tries names until one is free.
    static func attempt<Made>(
        _ start: String, suffix: String = "", _ make: (String) throws(SystemError) -> Made
    ) throws(SystemError) -> (name: String, made: Made) {
        for _ in 1..<attempts {
            let name = start + String(UInt64.random(in: 0 ... .max), radix: 36) + suffix
            do throws(SystemError) {
                return (name, try make(name))
            } catch  where error.code == EEXIST {
                continue
            } catch {
                throw error
            }
        }
        throw SystemError("find a free name for", target: "\(start)…\(suffix)", code: EEXIST)
    }
}
