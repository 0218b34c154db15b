import Glibc

/// The directories in which a change can make a path lead elsewhere.
nonisolated enum PathDirectories {
    /// As many symbolic links as the kernel follows (man 7 path_resolution).
    private static let mostLinks = 40

    /// The directory of the file itself, and that of every symbolic link on the way; where the path ends early, the
    /// directory in which its next part is missing.
    static func deciding(_ path: String) -> [String] {
        var found: [String] = []
        var links = 0
        var directory = ""
        var rest = parts(path.hasPrefix("/") ? path : workingDirectory + "/" + path)
        while let part = rest.popFirst() {
            if part == "." { continue }
            if part == ".." {
                directory = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
                continue
            }
            let place = "\(directory)/\(part)"
            var facts = stat()
            guard lstat(place, &facts) == 0 else { return found + [root(directory)] }
            if facts.st_mode & S_IFMT == S_IFLNK {
                found.append(root(directory))
                links += 1
                guard links <= mostLinks, let target = target(of: place) else { return found }
                if target.hasPrefix("/") { directory = "" }
                rest = parts(target) + rest
            } else if rest.isEmpty {
                found.append(root(directory))
            } else {
                directory = place
            }
        }
        return found
    }

    private static func parts(_ path: String) -> ArraySlice<Substring> {
        path.split(separator: "/")[...]
    }

    private static func root(_ directory: String) -> String { directory.isEmpty ? "/" : directory }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink(link, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    private static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }
}
