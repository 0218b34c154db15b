/// Says when a task or a future has ended, to all who ask meanwhile.
///
/// The language can await a task but not stop awaiting it. So each task has one watch at most, which ends with it and
/// is shared by all who wait for the task: waiting again and again for the first of several, with one among them that
/// takes for ever, leaves one watch behind and not one for each time.
final class CompletionWatch {
    private static var watchedTasks: [AnyHashable: CompletionWatch] = [:]

    /// Whether it ended with an error; `nil` until it has ended.
    private(set) var hasFailed: Bool?
    private var tallies: [ObjectIdentifier: WaitTally] = [:]
    private var observer: Task<Void, Never>?

    /// A watch over the task; one that is done already when the task is.
    static func over<Success: Sendable, Failure: Error>(_ task: Task<Success, Failure>) -> CompletionWatch {
        let key = AnyHashable(task)
        if let watch = watchedTasks[key] { return watch }
        let watch = CompletionWatch()
        Task.immediate {
            let result = await task.result
            watchedTasks[key] = nil
            if case .failure = result { watch.end(hasFailed: true) } else { watch.end(hasFailed: false) }
        }
        if watch.hasFailed == nil { watchedTasks[key] = watch }
        return watch
    }

    /// A watch over the future; one that is done already when the future is.
    static func over<Value: Sendable>(_ future: Future<Value>) -> CompletionWatch {
        let watch = CompletionWatch()
        let observer = Task.immediate {
            _ = try? await future.value
            guard let result = future.result else { return }
            if case .failure = result { watch.end(hasFailed: true) } else { watch.end(hasFailed: false) }
        }
        if watch.hasFailed == nil { watch.observer = observer }
        return watch
    }

    /// Tells the tally when it ends.
    ///
    /// - Returns: whether it was not going to already: a task may be waited for twice at a time.
    func add(_ tally: WaitTally) -> Bool {
        tallies.updateValue(tally, forKey: ObjectIdentifier(tally)) == nil
    }

    /// Does not tell it any more.
    func remove(_ tally: WaitTally) {
        tallies[ObjectIdentifier(tally)] = nil
        if tallies.isEmpty { observer?.cancel() }
    }

    private func end(hasFailed: Bool) {
        self.hasFailed = hasFailed
        observer = nil
        for tally in tallies.values { tally.oneEnded(hasFailed: hasFailed) }
        tallies = [:]
    }
}
