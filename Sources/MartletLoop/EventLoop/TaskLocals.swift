import CMartlet

/// Whether there are task-local values to keep.
///
/// The language copies them into a new task and nowhere else, and has no question for "are there any?". A callback that
/// is queued by a task without values, which is nearly always so, shall not cost a task.
nonisolated enum TaskLocals {
    @TaskLocal private static var probe = false

    /// Which word of the task object is the head of its list of values. Found once, by binding a value and looking for
    /// the word that changes; `nil` when that is not clear, and then every task counts as having values.
    private static let headWord: Int? = findHeadWord()

    /// The words of a task object that may be looked at: its size is part of the ABI (NumWords_AsyncTask).
    private static let words = 8..<24

    /// Whether the current task has any. Outside a task there are none.
    static var areBound: Bool {
        guard let task = martlet_current_task() else { return false }
        guard let headWord else { return true }
        return martlet_task_word(task, headWord) != 0
    }

    private static func findHeadWord() -> Int? {
        guard let task = martlet_current_task() else { return nil }
        let before = look(at: task)
        // An item of the list is a link and the key, which is the address of the TaskLocal itself.
        let key = UInt(bitPattern: Unmanaged.passUnretained($probe).toOpaque())
        let found = $probe.withValue(true) {
            words.filter { index in
                let word = look(at: task)[index - words.lowerBound]
                guard word != before[index - words.lowerBound] else { return false }
                // What has changed need not be an address: the task's allocator counts there, too.
                var second: UInt = 0
                return martlet_peek((word & ~7) &+ 8, &second, 8) && second == key
            }
        }
        return found.count == 1 && martlet_task_word(task, found[0]) == before[found[0] - words.lowerBound]
            ? found[0] : nil
    }

    private static func look(at task: UnsafeMutableRawPointer) -> [UInt] {
        words.map { martlet_task_word(task, $0) }
    }
}
