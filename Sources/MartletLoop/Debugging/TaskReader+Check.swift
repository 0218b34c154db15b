import CMartlet

extension TaskReader {
    /// Makes tasks in known states and compares what is seen of them.
    ///
    /// - Returns: what differs; `nil` when everything is as expected. Its tasks end in the loop's next tick.
    @MainActor
    static func disagreement() -> String? {
        guard martlet_can_read_memory() else {
            return "the system forbids process_vm_readv, with which they are read safely"
        }
        guard martlet_task_layout_is_known(), MemoryLayout<UnownedJob>.size == MemoryLayout<Address>.size,
            MemoryLayout<any Error>.size == MemoryLayout<Address>.size
        else { return "this version of Swift lays them out in another way" }
        return disagreementOnSuspended() ?? disagreementOnChild() ?? disagreementOnEnded()
    }

    private static let name = "debug mode's check"

    @MainActor
    private static func disagreementOnSuspended() -> String? {
        var continuation: UnsafeContinuation<Void, Never>?
        let task = Task.immediate(name: name) { await withUnsafeContinuation { continuation = $0 } }
        defer { continuation?.resume() }
        let address = unsafeBitCast(task, to: Address.self)
        guard let asleep = read(address) else { return "a task is not where it should be" }
        guard asleep.nameText == name else { return "a task's name is not found" }
        guard asleep.dependency == MARTLET_WAITS_FOR_CONTINUATION, !asleep.is_running, !asleep.is_enqueued,
            !asleep.is_complete, !asleep.is_cancelled
        else { return "a suspended task does not look suspended" }
        guard !resumePoints(of: address).isEmpty else { return "a suspended task has no callers" }
        task.cancel()
        guard read(address)?.is_cancelled == true else { return "a cancelled task does not look cancelled" }
        continuation?.resume()
        continuation = nil
        guard read(address)?.is_enqueued == true else { return "a resumed task does not look ready" }
        return nil
    }

    @MainActor
    private static func disagreementOnChild() -> String? {
        var continuation: UnsafeContinuation<Void, Never>?
        var child: Address?
        let task = Task.immediate {
            await withTaskGroup(of: Void.self) { group in
                group.addImmediateTask { @MainActor in
                    child = current
                    await withUnsafeContinuation { continuation = $0 }
                }
            }
        }
        defer { continuation?.resume() }
        let address = unsafeBitCast(task, to: Address.self)
        guard let child, let seen = read(child), seen.parent == address, children(of: address) == [child] else {
            return "a child task and its parent are not found from each other"
        }
        return withExtendedLifetime(task) { nil }
    }

    @MainActor
    private static func disagreementOnEnded() -> String? {
        let task = Task.immediate { throw CancellationError() }
        let address = unsafeBitCast(task, to: Address.self)
        guard let ended = read(address), ended.is_complete, !ended.is_enqueued, !ended.is_running else {
            return "a task that has ended does not look so"
        }
        guard martlet_task_references(address) == 1 else { return "references to a task are not counted" }
        guard error(of: address) is CancellationError else { return "a task's error is not found" }
        return withExtendedLifetime(task) { nil }
    }
}
