import CMartlet
import Glibc

/// A thread of a pool.
///
/// `@unchecked Sendable`, because: `job` is written by the one who took the thread out of the idle ones, before it
/// unparks the thread, and read by the thread after it was unparked (the word's release and acquire order the two);
/// `handle` is written and read on the loop only; `word` is accessed atomically.
nonisolated final class CrewThread: @unchecked Sendable {
    private let crew: ThreadCrew
    private let word: UnsafeMutablePointer<UInt32>
    private var job: UnownedJob?
    private var handle = pthread_t()

    init(crew: ThreadCrew) {
        self.crew = crew
        word = .allocate(capacity: 1)
        word.initialize(to: 0)
    }

    deinit {
        word.deallocate()
    }

    /// Starts it; it keeps itself alive until it has ended.
    @MainActor func start(name: String, stackSize: Int) throws(SystemError) {
        let context = Unmanaged.passRetained(self)
        // The system takes 15 bytes; a character of several is not cut in the middle.
        let comm = String(decoding: name.utf8.prefix(15), as: UTF8.self).prefix { $0 != "\u{FFFD}" }
        let result = martlet_start_thread(String(comm), stackSize, crewThreadBody, context.toOpaque(), &handle)
        guard result < 0 else { return }
        context.release()
        throw SystemError(
            "start a thread for", target: "pool \"\(name)\"", code: -result,
            advice: "raise the limit of processes (ulimit -u, TasksMax=) or lower the number of threads")
    }

    /// Waits until it has ended, which is to be now.
    @MainActor func join() {
        pthread_join(handle, nil)
    }

    /// Gives an idle thread a job; `nil` lets it end.
    func wake(with job: UnownedJob?) {
        self.job = job
        martlet_unpark(word)
    }

    /// Waits on the thread itself to be woken.
    ///
    /// - Returns: whether it was, within that time.
    func park(nanoseconds: Int64) -> Bool {
        martlet_park(word, nanoseconds)
    }

    /// What it was woken for.
    func takeJob() -> UnownedJob? {
        defer { job = nil }
        return job
    }

    fileprivate func run() {
        let executor = crew.asUnownedTaskExecutor()
        while let job = crew.nextJob(for: self) {
            job.runSynchronously(on: executor)
        }
        EventLoop.callSoonThreadsafe { self.crew.hasEnded(self) }
    }
}

/// What a thread of a pool begins with.
private nonisolated func crewThreadBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<CrewThread>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
