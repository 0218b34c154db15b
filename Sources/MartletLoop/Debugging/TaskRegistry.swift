import CMartlet

/// The tasks that the loop has seen and that have not ended.
///
/// It holds a reference to each, so that what is known by its address stays what it is; those of `async let` lie in
/// their parents' memory, which nothing holds, and are looked at with care. A task that ends on the loop leaves at
/// once, one that ends elsewhere at the next sweep, which comes when the number has doubled.
final class TaskRegistry {
    /// What is known of a task besides what can be read from it.
    struct Entry {
        let id: UInt64
        let name: String?
        let isHeld: Bool
        /// When it was seen running last.
        var lastRun: EventLoop.Instant?
        /// Until when it sleeps.
        var wakeTime: EventLoop.Instant?

        /// `task 7 "worker"`
        var title: String { name.map { "task \(id) \"\($0)\"" } ?? "task \(id)" }
    }

    private(set) var entries: [TaskReader.Address: Entry] = [:]
    private static let smallestSweep = 1024
    private var sweepCount = TaskRegistry.smallestSweep

    isolated deinit {
        for (task, entry) in entries where entry.isHeld { martlet_task_release(task) }
    }

    /// Registers a task that is about to run or runs, and so does not sleep.
    func enter(_ task: TaskReader.Address) {
        if let index = entries.index(forKey: task) {
            if entries.values[index].wakeTime != nil { entries.values[index].wakeTime = nil }
            // One that is held is still itself; another may have ended, and a new one begun at the same place.
            if entries.values[index].isHeld { return }
        }
        if martlet_task_is_plain(task) {
            martlet_task_retain(task)
            entries[task] = Entry(id: martlet_task_id(task), name: nil, isHeld: true)
        } else if let seen = TaskReader.read(task), entries[task]?.id != seen.id {
            if !seen.is_async_let { martlet_task_retain(task) }
            entries[task] = Entry(id: seen.id, name: seen.nameText, isHeld: !seen.is_async_let)
        }
        if entries.count >= sweepCount { sweep() }
    }

    /// Notes that a task has stopped running, for now or for good.
    ///
    /// - Returns: the error that ended it, when nobody can ask for it any more.
    func leave(_ task: TaskReader.Address, at time: EventLoop.Instant) -> LostError? {
        guard let index = entries.index(forKey: task) else { return nil }
        let entry = entries.values[index]
        guard hasEnded(task, entry) else {
            entries.values[index].lastRun = time
            return nil
        }
        entries.remove(at: index)
        guard entry.isHeld else { return nil }
        defer { martlet_task_release(task) }
        // Whoever could still ask for the error would hold a reference besides ours.
        guard martlet_task_references(task) == 1, let error = TaskReader.error(of: task), !(error is CancellationError)
        else { return nil }
        return LostError(task: entry.title, error: error)
    }

    /// Registers the task that runs, which is about to be suspended until `time` or for something else.
    func suspendCurrentTask(until time: EventLoop.Instant?) {
        guard let task = TaskReader.current else { return }
        enter(task)
        entries[task]?.wakeTime = time
        entries[task]?.lastRun = .readClock()
    }

    private func hasEnded(_ task: TaskReader.Address, _ entry: Entry) -> Bool {
        if entry.isHeld { return martlet_task_has_ended(task) }
        guard let seen = TaskReader.read(task), seen.id == entry.id else { return true }
        return seen.is_complete
    }

    /// Lets go of the tasks that have ended where the loop did not see it.
    private func sweep() {
        let ended = entries.filter { hasEnded($0.key, $0.value) }
        for (task, entry) in ended {
            entries[task] = nil
            if entry.isHeld { martlet_task_release(task) }
        }
        sweepCount = max(Self.smallestSweep, 2 * entries.count)
    }
}
