import MartletLoop

/// Those who watch a store, as long as they do, and the task that looks for changes meanwhile.
final class StoreWatchers {
    private struct Watcher {
        weak var changes: StoreChanges?
    }

    private var watchers: [Watcher] = []
    private var looking: Task<Void, Never>?

    /// After how long somebody looks again who could not.
    private static let patience: Duration = .milliseconds(200)

    init() {}

    deinit {}

    /// Whether somebody watches.
    var isEmpty: Bool {
        watchers.removeAll { $0.changes == nil }
        return watchers.isEmpty
    }

    /// Whether a task looks for changes.
    var isLooking: Bool { looking != nil }

    func add(prefix: StoreKey, limit: Int) -> StoreChanges {
        let changes = StoreChanges(prefix: prefix, limit: limit)
        watchers.append(Watcher(changes: changes))
        return changes
    }

    func tell(_ change: StoreChange) {
        for watcher in watchers { watcher.changes?.tell(change) }
    }

    /// Looks for changes again and again while somebody watches, in place of whoever did.
    ///
    /// - Parameters:
    ///   - interval: how long to rest in between.
    ///   - look: looks, and tells what it finds; when it throws, all are told that they may have missed something.
    ///     Returns whether the store is still there, which it does not keep.
    func look(every interval: Duration = .zero, _ look: @escaping @MainActor () async throws -> Bool) {
        looking?.cancel()
        looking = Task { [weak self] in
            while !Task.isCancelled, self?.isEmpty == false {
                do {
                    guard try await look() else { break }
                    if interval > .zero { try await Task.sleep(for: interval) }
                } catch is CancellationError {
                    break
                } catch {
                    self?.tell(.missed)
                    try? await Task.sleep(for: Self.patience)
                }
            }
            // Who was cancelled has a successor, or none is wanted.
            if !Task.isCancelled { self?.looking = nil }
        }
    }

    /// Looks no more, until somebody is told to again.
    func rest() {
        looking?.cancel()
        looking = nil
    }

    /// No more changes come.
    func end() async {
        looking?.cancel()
        for watcher in watchers { watcher.changes?.end() }
        watchers = []
        await looking?.value
    }
}
