import Glibc
import MartletLoop

/// Tells when files have changed, in whichever way: written in place, replaced by a rename, or because a symbolic link on
/// the way to them leads elsewhere now (certbot replaces the last link, Kubernetes one in the middle).
///
/// Watches every directory that decides where a path leads with inotify, and waits until nothing has happened there for a
/// moment: key and certificate change one after the other. Looks once in a while without being told, as some file systems
/// tell nothing.
final class FileWatch {
    private let files: [String]
    private let onChange: () -> Void
    private var signatures: [FileSignature]
    private var inotify: Int32 = -1
    private var watch: DescriptorWatch?
    private var firstEvent: EventLoop.Instant?
    private lazy var settling = LoopTimer { [unowned self] in look() }
    private lazy var patrol = LoopTimer { [unowned self] in look() }

    /// How long nothing has to happen, and how long that is waited for.
    private static let quiet: Duration = .milliseconds(300)
    private static let longestQuiet: Duration = .seconds(5)
    /// Looks without being told: with inotify, and without it.
    private static let patrolInterval: Duration = .seconds(30)
    private static let blindInterval: Duration = .seconds(2)

    private static let events = UInt32(
        IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR)

    /// Watches files.
    ///
    /// - Parameters:
    ///   - files: their paths.
    ///   - known: what they were like when they were read; as they are now unless given. What has changed since is found.
    ///   - onChange: called each time when files have changed, until `cancel`.
    init(_ files: [String], known: [FileSignature]? = nil, onChange: @escaping () -> Void) {
        self.files = files
        self.onChange = onChange
        signatures = known ?? files.map { FileSignature($0) }
        open()
        rest()
        if known != nil { settling.arm(at: .readClock() + Self.quiet) }
    }

    /// Has the next look find a change, because what followed from the last one came to nothing.
    func forget() {
        signatures = []
    }

    /// Whether the kernel tells of changes. If not, they are found a little later.
    var isTold: Bool { watch != nil }

    /// Ends it.
    func cancel() {
        settling.cancel()
        patrol.cancel()
        shut()
    }

    deinit {}

    // MARK: inotify

    private func open() {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return }
        var count = 0
        for directory in Set(files.flatMap(PathDirectories.deciding))
        where inotify_add_watch(descriptor, directory, Self.events) >= 0 {
            count += 1
        }
        let watch =
            count == 0 ? nil : try? EventLoop.main.watch(descriptor, for: .readable) { [unowned self] _ in noticed() }
        guard let watch else {
            close(descriptor)
            return
        }
        inotify = descriptor
        self.watch = watch
    }

    private func shut() {
        guard let watch else { return }
        watch.cancel()
        self.watch = nil
        close(inotify)
    }

    private func noticed() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        // What has happened is looked up afterwards.
        while read(inotify, &buffer, buffer.count) > 0 {}
        let now = EventLoop.Instant.readClock()
        let first = firstEvent ?? now
        firstEvent = first
        settling.arm(at: min(now + Self.quiet, first + Self.longestQuiet))
    }

    // MARK: Looking

    private func look() {
        firstEvent = nil
        settling.cancel()
        // A path may lead through other directories now. New watches first: what changes meanwhile is seen by the stats
        // that follow.
        shut()
        open()
        rest()
        let new = files.map { FileSignature($0) }
        guard new != signatures else { return }
        signatures = new
        onChange()
    }

    private func rest() {
        patrol.arm(at: .readClock() + (isTold ? Self.patrolInterval : Self.blindInterval))
    }
}
