import CMartlet
import DequeModule
import Glibc
import Synchronization

/// What the loop runs next, in the order in which it became ready.
nonisolated enum ReadyItem {
    case mainJob(UnownedJob)
    case standardJob(UnownedJob)
    case callback(@MainActor () -> Void)
    case continuation(UnsafeContinuation<Void, Never>)

    /// Runs it, on the loop.
    @MainActor
    @inline(__always)
    func run() {
        switch self {
        case .mainJob(let job): job.runSynchronously(on: LoopExecutorFactory.unownedMain)
        // Not as the main actor's, which would spare a continuation's task its way through the queue to MainActor code,
        // but would send nonisolated code through it at every call.
        case .standardJob(let job): job.runSynchronously(on: LoopExecutorFactory.unownedStandard)
        case .callback(let action): action()
        case .continuation(let continuation): continuation.resume()
        }
    }
}

/// The queue between Swift's runtime and the loop: both executors append to it, the loop takes from it.
///
/// `@unchecked Sendable`, because: `items` is touched only where `martlet_on_loop_thread()` is true, which holds for
/// one thread in the process; every other thread appends to `inbox`, which a mutex guards, and wakes the loop by
/// eventfd.
nonisolated final class ReadyQueue: @unchecked Sendable {
    static let shared = ReadyQueue()

    private(set) var items = Deque<ReadyItem>(minimumCapacity: 256)
    private let inbox = Mutex<[ReadyItem]>([])
    /// Becomes readable when `inbox` has something.
    let wakeDescriptor: Int32

    private init() {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        // Without it no other thread could ever reach the loop: there is nothing to go on with.
        require(wakeDescriptor >= 0, "cannot create the event loop's eventfd: errno \(errno)")
    }

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }

    /// From any thread.
    func append(_ item: sending ReadyItem) {
        if martlet_on_loop_thread() {
            items.append(item)
        } else {
            appendFromOtherThread(item)
        }
    }

    /// A job of the default executor. From any thread.
    func append(standard job: UnownedJob) {
        if martlet_on_loop_thread() {
            items.append(martlet_resumes_main() ? .mainJob(job) : .standardJob(job))
        } else {
            appendFromOtherThread(.standardJob(job))
        }
    }

    /// On the loop's thread only.
    func popFirst() -> ReadyItem? {
        items.popFirst()
    }

    /// Moves what other threads left. On the loop's thread only, when `wakeDescriptor` is readable.
    func collectInbox() {
        var counter: UInt64 = 0
        read(wakeDescriptor, &counter, 8)
        let arrived = inbox.withLock { waiting in
            let taken = waiting
            waiting.removeAll(keepingCapacity: true)
            return Sealed(items: taken)
        }
        items.append(contentsOf: arrived.items)
    }

    private func appendFromOtherThread(_ item: sending ReadyItem) {
        let sealed = Sealed(items: [item])
        let wasEmpty = inbox.withLock { waiting in
            defer { waiting.append(contentsOf: sealed.items) }
            return waiting.isEmpty
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        write(wakeDescriptor, &one, 8)
    }

    /// Carries items across the lock.
    ///
    /// `@unchecked Sendable`, because an item is used by one thread at a time: it leaves the thread that appended it,
    /// and only the loop takes it out.
    private struct Sealed: @unchecked Sendable {
        let items: [ReadyItem]
    }
}
