import Glibc

/// Reads the small text files in which the kernel tells about processes and limits: `nil` where there is none to read.
///
/// Everything that needs such a file takes one of these, so that tests can bring their own machine.
public struct HostFiles: Sendable {
    private nonisolated let read: @Sendable (String) -> String?

    /// Files that a function answers for.
    public nonisolated init(_ read: @escaping @Sendable (String) -> String?) {
        self.read = read
    }

    /// The text of a file, or `nil` when it does not exist or may not be read.
    public nonisolated subscript(path: String) -> String? { read(path) }

    /// This machine's files.
    public nonisolated static let system = HostFiles { path in
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while text.count < largestFile {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A mountinfo with thousands of mounts still fits.
    private nonisolated static let largestFile = 4 << 20
}
