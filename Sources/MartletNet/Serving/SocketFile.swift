import Glibc

/// The file of a Unix socket that this process has made, and removes when it does not listen any more: unless somebody
/// else has put another one in its place.
struct SocketFile {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// `nil` for other addresses.
    init?(of address: SocketAddress) {
        guard case .unix(let path) = address else { return nil }
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    func remove() {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
    }
}
