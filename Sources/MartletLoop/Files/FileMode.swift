import Glibc

extension File {
    /// How a file is opened.
    public nonisolated struct Mode: Hashable, Sendable {
        /// Flags of man 2 open; close-on-exec is always added.
        public let flags: Int32

        /// A mode with flags of one's own.
        public init(flags: Int32) {
            self.flags = flags
        }

        /// What is there, to be read (Python's `r`).
        public static let reading = Mode(flags: O_RDONLY)
        /// To be written from the start: created, or emptied (`w`).
        public static let writing = Mode(flags: O_WRONLY | O_CREAT | O_TRUNC)
        /// To be written at the end, wherever that is by then; created when it is not there (`a`).
        public static let appending = Mode(flags: O_WRONLY | O_CREAT | O_APPEND)
        /// To be read and written; it must be there (`r+`).
        public static let updating = Mode(flags: O_RDWR)
        /// To be read and written from the start: created, or emptied (`w+`).
        public static let rewriting = Mode(flags: O_RDWR | O_CREAT | O_TRUNC)
        /// To be read and written; it must not be there yet (`x+`).
        public static let creating = Mode(flags: O_RDWR | O_CREAT | O_EXCL)
    }
}
