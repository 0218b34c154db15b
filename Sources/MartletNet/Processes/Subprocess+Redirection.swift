extension Subprocess {
    /// Where a program's standard input comes from.
    public nonisolated struct Source: Hashable, Sendable {
        let kind: Redirection

        /// What this process reads from.
        public static let inherit = Source(kind: .inherit)
        /// Nothing: it reads the end at once.
        public static let null = Source(kind: .null)
        /// `Subprocess.standardInput` writes to it.
        public static let pipe = Source(kind: .pipe)

        /// A file, from its beginning. A relative path starts at this process's working directory.
        public static func file(_ path: String) -> Source {
            Source(kind: .file(path, appends: false))
        }

        /// An open descriptor, which stays the caller's to close.
        public static func descriptor(_ descriptor: Int32) -> Source {
            Source(kind: .descriptor(descriptor))
        }
    }

    /// Where a program's standard output or standard error goes.
    public nonisolated struct Destination: Hashable, Sendable {
        let kind: Redirection

        /// Where this process writes to.
        public static let inherit = Destination(kind: .inherit)
        /// Nowhere.
        public static let null = Destination(kind: .null)
        /// `Subprocess.standardOutput` or `standardError` reads it.
        public static let pipe = Destination(kind: .pipe)
        /// Where the other one of standard output and standard error goes: `standardError: .merged` is `2>&1`.
        public static let merged = Destination(kind: .merged)

        /// A file, which is made if there is none (mode 0666 less the umask). A relative path starts at this process's
        /// working directory.
        ///
        /// - Parameters:
        ///   - path: the file's path.
        ///   - appends: whether what it has already is kept; otherwise it is emptied.
        public static func file(_ path: String, appends: Bool = false) -> Destination {
            Destination(kind: .file(path, appends: appends))
        }

        /// An open descriptor, which stays the caller's to close.
        public static func descriptor(_ descriptor: Int32) -> Destination {
            Destination(kind: .descriptor(descriptor))
        }
    }
}

/// What one of a program's standard descriptors is to be.
nonisolated enum Redirection: Hashable, Sendable {
    case inherit
    case null
    case pipe
    case merged
    case file(String, appends: Bool)
    case descriptor(Int32)
}
