import CMartlet
import DequeModule
import Glibc
import Synchronization

/// The threads of a pool, as an executor: what a task runs while it prefers it runs on one of them.
///
/// ```
///            job                 no job               idle for too long, or dismissed
///   busy ◀────────── waiting ◀────────── busy      waiting ──────────▶ gone, joined by the loop
/// ```
///
/// The thread that stopped working last gets the next job: its caches are warm, and those that are not needed stay idle
/// until they end.
nonisolated final class ThreadCrew: TaskExecutor {
    /// Enough for what system libraries do; touched page by page only.
    private static let stackSize = 1 << 20

    private struct State {
        var jobs = Deque<UnownedJob>()
        /// Jobs that the loop is about to enqueue: a thread that would end stays for them.
        var announced = 0
        var idle: [CrewThread] = []
        var count = 0
        var isDismissed = false
    }

    private let name: String
    private let idleNanoseconds: Int64
    private let state = Mutex(State())
    /// Called on the loop when the last thread has gone.
    @MainActor var whenGone: (() -> Void)?
    /// How many threads there are, as the loop knows: those that have ended and were joined are not among them.
    @MainActor private(set) var count = 0

    init(name: String, idleTime: Duration) {
        self.name = name
        idleNanoseconds = max(0, idleTime.nanosecondsClamped)
    }

    // MARK: On the loop

    /// Sees to it that there is a thread for a job that is enqueued right after this.
    ///
    /// - Parameter busy: how many jobs there are with this one.
    /// - Throws: when there is no thread and the system lets none start.
    @MainActor func prepare(for busy: Int) throws(SystemError) {
        let isNeeded = state.withLock { state in
            state.announced += 1
            guard state.idle.isEmpty, state.count < busy else { return false }
            state.count += 1
            return true
        }
        guard isNeeded else { return }
        do throws(SystemError) {
            try CrewThread(crew: self).start(name: name, stackSize: Self.stackSize)
            count += 1
            EventLoop.main.poolThreads += 1
        } catch {
            let isAlone = state.withLock { state in
                state.count -= 1
                if state.count == 0 { state.announced -= 1 }
                return state.count == 0
            }
            if isAlone { throw error }
        }
    }

    /// Called when a thread is about to end. It is joined, so that it is really gone.
    @MainActor func hasEnded(_ thread: CrewThread) {
        thread.join()
        count -= 1
        EventLoop.main.poolThreads -= 1
        guard count == 0, let whenGone else { return }
        self.whenGone = nil
        whenGone()
    }

    // MARK: From any thread

    /// Lets the threads end as soon as there is nothing more to do.
    func dismiss() {
        let idle = state.withLock { state in
            state.isDismissed = true
            defer { state.idle = [] }
            state.count -= state.idle.count
            return state.idle
        }
        for thread in idle { thread.wake(with: nil) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread: CrewThread? = state.withLock { state in
            state.announced -= 1
            if let thread = state.idle.popLast() { return thread }
            state.jobs.append(job)
            return nil
        }
        thread?.wake(with: job)
    }

    /// The next job for a thread that has none; `nil` when it is to end.
    func nextJob(for thread: CrewThread) -> UnownedJob? {
        enum Next {
            case job(UnownedJob)
            case wait
            case end
        }
        let next = state.withLock { state -> Next in
            if let job = state.jobs.popFirst() { return .job(job) }
            if state.isDismissed {
                state.count -= 1
                return .end
            }
            state.idle.append(thread)
            return .wait
        }
        return switch next {
        case .job(let job): job
        case .wait: wait(thread)
        case .end: nil
        }
    }

    private func wait(_ thread: CrewThread) -> UnownedJob? {
        while !thread.park(nanoseconds: idleNanoseconds) {
            let isLeaving = state.withLock { state in
                guard state.announced == 0, let index = state.idle.firstIndex(where: { $0 === thread }) else {
                    return false
                }
                state.idle.remove(at: index)
                state.count -= 1
                return true
            }
            if isLeaving { return nil }
        }
        return thread.takeJob()
    }
}
