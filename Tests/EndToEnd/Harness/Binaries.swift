import Glibc

/// The release binaries under test.
enum Binaries {
    /// The absolute path of one of them.
    static func path(_ name: String) throws -> String {
        guard let directory = getenv("MARTLET_BINARIES").map({ String(cString: $0) }), directory.hasPrefix("/") else {
            throw Failure(
                "MARTLET_BINARIES has to name the absolute directory of the release binaries; run `make test-end-to-end`"
            )
        }
        let path = "\(directory)/\(name)"
        guard access(path, X_OK) == 0 else { throw Failure("\(path) does not exist; run `make test-end-to-end`") }
        return path
    }
}
