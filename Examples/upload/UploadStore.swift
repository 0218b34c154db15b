import Martlet

/// The directory that holds the files.
struct UploadStore {
    let directory: String

    /// Makes the directory if it is not there.
    init(directory: String) async throws {
        self.directory = directory
        if try await !FileSystem.exists(directory) { try await FileSystem.createDirectory(directory) }
    }

    func path(of name: String) -> String { "\(directory)/\(name)" }

    /// The files' names, in order.
    func names() async throws -> [String] {
        var names: [String] = []
        for try await entry in FileSystem.entries(of: directory) where entry.kind == .regular {
            names.append(entry.name)
        }
        return names.sorted()
    }

    /// What a client calls a file, if that can be a file's name here: it must not lead anywhere else.
    ///
    /// - Throws: an error that is answered with 422.
    static func safe(_ name: String) throws -> String {
        let isSafe = !name.hasPrefix(".") && !name.contains { $0 == "/" || $0 == "\\" || $0 == "\0" || $0.isNewline }
        guard isSafe, (1...200).contains(name.utf8.count) else {
            throw HTTPError(.unprocessableContent, "\"\(name)\" cannot be the name of a file here")
        }
        return name
    }
}
