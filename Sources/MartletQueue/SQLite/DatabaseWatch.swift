import Glibc
import MartletLoop

/// Tells when somebody, in whichever process, may have added something to a database, so that whoever waits costs nothing
/// until then.
///
/// By inotify on the write-ahead log. To that each commit is appended, but before others see it: in between lies the fsync.
/// So whoever has committed touches the log (IN_ATTRIB); of those who do not know of that, other programs, the log itself tells
/// (IN_MODIFY), and is looked at once more a while later.
final class DatabaseWatch {
    private var inotify: Int32 = -1
    private var watch: DescriptorWatch?
    private let onChange: () -> Void
    private lazy var secondLook = LoopTimer { [weak self] in self?.onChange() }

    /// Longer than most disks take for an fsync.
    private static let patience: Duration = .milliseconds(100)

    /// Watches a database that is open, so that its log is there and stays.
    ///
    /// - Parameter onChange: called in the turn in which the kernel tells of it.
    init(_ path: String, onChange: @escaping () -> Void) {
        self.onChange = onChange
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return }
        guard inotify_add_watch(descriptor, Self.log(path), UInt32(IN_MODIFY | IN_ATTRIB)) >= 0,
            let watch = try? EventLoop.main.watch(
                descriptor, for: .readable,
                { [weak self] _ in
                    // Also for nobody: it would be told again and again.
                    Self.drain(descriptor)
                    self?.noticed()
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

    private nonisolated static func log(_ path: String) -> String { path + "-wal" }

    /// Tells all who watch a database that something was committed. It may block.
    nonisolated static func announce(_ path: String) {
        // Its times become now. What cannot be touched is found by looking.
        utimensat(AT_FDCWD, log(path), nil, 0)
    }

    func cancel() {
        guard let watch else { return }
        secondLook.cancel()
        watch.cancel()
        self.watch = nil
        close(inotify)
    }

    /// What has happened does not matter, only that something has.
    private static func drain(_ inotify: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while read(inotify, buffer.baseAddress, buffer.count) > 0 {}
        }
    }

    private func noticed() {
        secondLook.arm(at: .readClock() + Self.patience)
        onChange()
    }
}
