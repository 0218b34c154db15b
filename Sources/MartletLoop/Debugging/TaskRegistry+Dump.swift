import CMartlet

extension TaskRegistry {
    /// All tasks that can be found: those registered, those that are ready, the one that runs, and, from each of them
    /// on, its children and the task that it waits for.
    func snapshots(_ symbolizer: Symbolizer) -> [TaskSnapshot] {
        let current = TaskReader.current
        var seen = Set(entries.keys)
        for case let task? in ReadyQueue.shared.items.map({ $0.queuedJob.flatMap(TaskReader.task) }) {
            seen.insert(task)
        }
        if let current { seen.remove(current) }
        var open = Array(seen)
        if let current {
            // Last in, first out: its lines are looked up while there is time.
            seen.insert(current)
            open.append(current)
        }
        var snapshots: [TaskSnapshot] = []
        while let task = open.popLast() {
            guard let found = TaskReader.read(task), !found.is_complete else { continue }
            // At the address of a task in its parent's memory, another one may lie by now.
            let entry = entries[task].flatMap { $0.id == found.id ? $0 : nil }
            for child in TaskReader.children(of: task) where seen.insert(child).inserted { open.append(child) }
            if let awaited = found.awaited, seen.insert(awaited).inserted { open.append(awaited) }
            snapshots.append(snapshot(of: task, found, entry, isCurrent: task == current, symbolizer))
        }
        return snapshots.sorted { $0.id < $1.id }
    }

    private func snapshot(
        of task: TaskReader.Address, _ found: martlet_task, _ entry: Entry?, isCurrent: Bool, _ symbolizer: Symbolizer
    ) -> TaskSnapshot {
        // Before another task is read.
        let frames = isCurrent ? symbolizer.currentFrames() : found.is_running ? [] : symbolizer.frames(of: task)
        return TaskSnapshot(
            id: found.id, name: found.nameText, parent: found.parent.flatMap(TaskReader.read)?.id,
            state: state(found, entry), isCancelled: found.is_cancelled,
            awaitedTask: found.awaited.flatMap(TaskReader.read)?.id, frames: frames)
    }

    private func state(_ found: martlet_task, _ entry: Entry?) -> TaskSnapshot.State {
        let code: TaskSnapshot.State.Code =
            found.is_running ? .running : found.is_enqueued ? .ready : entry?.wakeTime != nil ? .sleeping : .suspended
        return TaskSnapshot.State(
            code: code, since: entry?.lastRun, wakeTime: code == .sleeping ? entry?.wakeTime : nil)
    }
}

extension ReadyItem {
    /// The job that is to be run; `nil` for a callback.
    nonisolated var queuedJob: UnownedJob? {
        switch self {
        case .mainJob(let job), .standardJob(let job): job
        case .callback, .continuation: nil
        }
    }

    /// What it is, for one that has no task.
    nonisolated var kind: String { queuedJob == nil ? "a callback" : "a job of an actor" }
}

extension Symbolizer {
    /// Where a task that does not run goes on, innermost first.
    func frames(of task: TaskReader.Address) -> [StackFrame] {
        let points = TaskReader.resumePoints(of: task)
        let frames = points.flatMap { self.frames(at: $0, .resumePoint) }
        // Of one that has not begun, there may be nothing but the compiler's way to its closure.
        return frames.isEmpty ? points.prefix(1).map(anyFrame) : frames
    }

    /// The functions in a backtrace, innermost first, and after them those that wait for the outermost to return.
    func frames(of sample: martlet_sample) -> [StackFrame] {
        let stack = withUnsafeBytes(of: sample.frames) {
            $0.bindMemory(to: UInt.self).prefix(Int(sample.frame_count)).enumerated().flatMap { index, address in
                frames(at: address, index == 0 ? .exact : .returnAddress)
            }
        }
        let callers = withUnsafeBytes(of: sample.callers) {
            $0.bindMemory(to: UInt.self).prefix(Int(sample.caller_count)).flatMap { frames(at: $0, .resumePoint) }
        }
        return stack + callers
    }

    /// The functions that this is called from.
    func currentFrames() -> [StackFrame] {
        var sample = martlet_sample()
        martlet_sample_here(&sample)
        return Array(frames(of: sample).drop { $0.isLibrary })
    }
}
