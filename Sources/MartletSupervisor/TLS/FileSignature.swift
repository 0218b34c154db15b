import Glibc

/// What is different about a file after it was changed or replaced.
public nonisolated struct FileSignature: Hashable, Sendable {
    private var numbers: [Int] = []

    /// That of the file to which a path leads now; one of its own when there is none.
    public init(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return }
        numbers = [
            Int(truncatingIfNeeded: facts.st_dev), Int(truncatingIfNeeded: facts.st_ino), Int(facts.st_size),
            Int(facts.st_mtim.tv_sec), Int(facts.st_mtim.tv_nsec), Int(facts.st_ctim.tv_sec),
            Int(facts.st_ctim.tv_nsec),
        ]
    }
}
