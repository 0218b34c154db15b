import Glibc

/// What the system knows about a file (man 2 stat).
public nonisolated struct FileStatus: Hashable, Sendable {
    /// What it is.
    public let kind: FileKind
    /// How long it is, in bytes.
    public let size: Int
    /// The permission bits, `0o644` say.
    public let permissions: UInt32
    /// When its contents were changed, since 1970-01-01 00:00 UTC.
    public let modified: Duration
    /// When its contents were read, as far as the file system keeps account of that.
    public let accessed: Duration
    /// The number of the user who owns it.
    public let owner: UInt32
    /// The number of the group that owns it.
    public let group: UInt32
    /// Which file it is within its device.
    public let inode: UInt64
    /// The device that it is on.
    public let device: UInt64
    /// How many names it has.
    public let links: Int

    init(_ status: stat) {
        kind = FileKind(mode: status.st_mode)
        size = Int(status.st_size)
        permissions = status.st_mode & 0o7777
        modified = .seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec)
        accessed = .seconds(status.st_atim.tv_sec) + .nanoseconds(status.st_atim.tv_nsec)
        owner = status.st_uid
        group = status.st_gid
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        links = Int(status.st_nlink)
    }
}

/// What a file is (man 7 inode).
public nonisolated struct FileKind: Hashable, Sendable {
    private let type: UInt32

    /// A file with contents.
    public static let regular = FileKind(mode: S_IFREG)
    /// A directory.
    public static let directory = FileKind(mode: S_IFDIR)
    /// A symbolic link.
    public static let symbolicLink = FileKind(mode: S_IFLNK)
    /// A FIFO.
    public static let pipe = FileKind(mode: S_IFIFO)
    /// A Unix socket.
    public static let socket = FileKind(mode: S_IFSOCK)
    /// A device that is read and written byte by byte.
    public static let characterDevice = FileKind(mode: S_IFCHR)
    /// A device that is read and written in blocks.
    public static let blockDevice = FileKind(mode: S_IFBLK)

    init(mode: UInt32) {
        type = mode & S_IFMT
    }
}
