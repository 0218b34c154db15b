import Glibc

/// A directory of one test's own, with a path short enough for Unix sockets (107 bytes, man 7 unix).
struct TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("cannot make a temporary directory: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The path of a file in it.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Removes it and the files in it; there are no directories.
    func remove() {
        for name in TextFile.names(in: path) { unlink(file(name)) }
        rmdir(path)
    }
}
