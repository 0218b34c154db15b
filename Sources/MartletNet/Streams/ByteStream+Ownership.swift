import CMartlet
import MartletLoop

/// The task that a stream belongs to. Its cancellation is watched for as long as it has the stream, and not anew in
/// each wait to read, which would cost more than all else of the wait. Other tasks may read as well, at that price.
extension ByteStream {
    /// Calls `body`, in which the stream belongs to the current task.
    func withOwner<Result: Sendable>(_ body: @MainActor () async throws -> Result) async rethrows -> Result {
        owner = martlet_current_task()
        ownerIsCancelled = false
        defer { owner = nil }
        return try await withTaskCancellationHandler {
            try await body()
        } onCancel: {
            onLoop { self.ownerWasCancelled() }
        }
    }

    /// Whether the current task owns the stream. The pointer is compared and never followed; while it is set, its task
    /// is running `withOwner`, so no other task can have it.
    var isOwned: Bool {
        guard let owner else { return false }
        return owner == martlet_current_task()
    }

    private func ownerWasCancelled() {
        guard owner != nil else { return }
        ownerIsCancelled = true
        if ownerReads { resumeReader(.interrupted) }
    }
}
