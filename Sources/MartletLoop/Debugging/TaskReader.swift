import CMartlet

/// A look at the tasks of Swift's runtime from outside, which the language does not offer: CMartlet/debugging.c knows
/// how they are laid out, `TaskReader+Check.swift` finds out whether this runtime's are.
nonisolated enum TaskReader {
    /// A task's address.
    typealias Address = UnsafeRawPointer

    /// The task that is to go on when the job runs; `nil` when the job is an actor's.
    static func task(of job: UnownedJob) -> Address? {
        // A job is a reference to the runtime's object and nothing else, which the check makes sure of.
        martlet_task_of_job(unsafeBitCast(job, to: UnsafeRawPointer.self))
    }

    /// The task that runs on this thread.
    static var current: Address? { UnsafeRawPointer(martlet_current_task()) }

    /// What is to be seen of the task; `nil` when there is none at the address any more.
    static func read(_ task: Address) -> martlet_task? {
        var result = martlet_task()
        return martlet_task_read(task, &result) ? result : nil
    }

    /// Where a task that does not run goes on, and its callers after it; as of when it was read.
    static func resumePoints(of task: Address) -> [UInt] {
        withUnsafeTemporaryAllocation(of: UInt.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            return Array(buffer.prefix(Int(martlet_task_frames(task, base, Int32(buffer.count)))))
        }
    }

    /// The child tasks, of groups and of `async let`, at most a thousand; as of when it was read.
    static func children(of task: Address) -> [Address] {
        withUnsafeTemporaryAllocation(of: Address?.self, capacity: 1000) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            return buffer.prefix(Int(martlet_task_children(task, base, Int32(buffer.count)))).compactMap(\.self)
        }
    }

    /// The error with which a task of its own ended. The caller holds the task.
    static func error(of task: Address) -> (any Error)? {
        // An `any Error` is a reference to the box that the task holds, and copying it out retains the box.
        martlet_task_error(task).map { unsafeBitCast($0, to: (any Error).self) }
    }
}

extension martlet_task {
    /// The name that it was given; `nil` when it has none.
    nonisolated var nameText: String? {
        let text = withUnsafeBytes(of: name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return text.isEmpty ? nil : text
    }
}
