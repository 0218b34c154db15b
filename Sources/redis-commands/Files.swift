import Glibc

/// A file that could not be read or written.
struct FileError: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ path: String) {
        description = "\(path): error: cannot \(what): \(String(cString: strerror(errno)))"
    }
}

/// All bytes of a file.
func readFile(_ path: String) throws(FileError) -> [UInt8] {
    guard let file = fopen(path, "r") else { throw FileError("read the table", path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
    guard ferror(file) == 0 else { throw FileError("read the table", path) }
    return bytes
}

/// Makes the file of these bytes.
func writeFile(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    guard let file = fopen(path, "w") else { throw FileError("write the generated Swift", path) }
    let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
    guard fclose(file) == 0, isWritten else { throw FileError("write the generated Swift", path) }
}
