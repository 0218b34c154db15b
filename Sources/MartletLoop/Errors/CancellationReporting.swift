/// An error that may say no more than that a task was cancelled: for functions that throw errors of one type, and can throw
/// no `CancellationError`. `withTimeout`, `retry` and task groups treat it as one.
public nonisolated protocol CancellationReporting: Error {
    /// Whether it says that.
    var isCancellation: Bool { get }
}

extension Error {
    /// Whether it says that a task was cancelled.
    package nonisolated var saysCancelled: Bool {
        self is CancellationError || (self as? any CancellationReporting)?.isCancellation == true
    }
}
