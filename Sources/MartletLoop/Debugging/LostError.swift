/// An error that ended a task of which nobody had kept the handle: nobody can ever learn of it.
public nonisolated struct LostError: Sendable, CustomStringConvertible {
    /// The task, `task 7 "worker"`.
    public let task: String
    /// What it threw.
    public let error: any Error

    /// `task 7 "worker" ended with an error that nobody will see: …`
    public var description: String {
        "\(task) ended with an error that nobody will see: \(error); "
            + "keep the task and await its value, or catch the error inside"
    }
}
