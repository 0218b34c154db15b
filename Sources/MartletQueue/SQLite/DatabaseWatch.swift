import Glibc
import MartletLoop

/// Tells when somebody, in whichever process, has written to a database: by inotify on its write-ahead log, to which each
/// commit is appended. So whoever waits costs nothing until there is something.
final class DatabaseWatch {
    private var inotify: Int32 = -1
    private var watch: DescriptorWatch?

    /// Watches a database that is open, so that its log is there and stays.
    ///
    /// - Parameter onChange: called in the turn in which the kernel tells of it.
    init(_ path: String, onChange: @escaping () -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return }
        guard inotify_add_watch(descriptor, path + "-wal", UInt32(IN_MODIFY)) >= 0,
            let watch = try? EventLoop.main.watch(
                descriptor, for: .readable,
                { _ in
                    Self.drain(descriptor)
                    onChange()
                })
        else {
            close(descriptor)
            return
        }
        inotify = descriptor
        self.watch = watch
    }

    deinit {}

    /// Whether the kernel tells of changes: not where there are too many watches, and on some file systems.
    var isTold: Bool { watch != nil }

    func cancel() {
        guard let watch else { return }
        watch.cancel()
        self.watch = nil
        close(inotify)
    }

    /// What has happened does not matter, only that something has.
    private static func drain(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
