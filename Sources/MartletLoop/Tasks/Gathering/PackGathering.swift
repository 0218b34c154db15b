/// Bodies of different types that run side by side: the work of `gather` with tuples.
final class PackGathering {
    private let children = ChildTasks()
    private let stopsAtFailure: Bool
    private var firstError: (any Error)?

    init(stopsAtFailure: Bool) {
        self.stopsAtFailure = stopsAtFailure
    }

    /// Calls `start`, which starts the bodies, and returns when all that were started have ended.
    func run(_ start: () -> Void) async {
        await children.join(starting: start)
    }

    /// Starts a body, unless another has failed or the caller was cancelled.
    func start<Value: Sendable>(_ outcome: Outcome<Value>) {
        guard !children.isCancelled else {
            if firstError == nil { firstError = CancellationError() }
            return
        }
        let slot = children.enter()
        let task = outcome.start(cancelled: false) { [self] error in
            if let error {
                if firstError == nil { firstError = error }
                if stopsAtFailure { children.cancel() }
            }
            children.leave(slot)
        }
        children.keep(task, in: slot)
    }

    /// Throws the error that came first, if one did.
    func check() throws {
        if let firstError { throw firstError }
    }

    /// Throws when the caller was cancelled and a body has failed or was not started.
    func checkCancellation() throws(CancellationError) {
        if children.isCancelled, firstError != nil { throw CancellationError() }
    }
}
