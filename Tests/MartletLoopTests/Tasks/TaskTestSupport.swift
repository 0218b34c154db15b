import MartletLoop

/// What a test's bodies throw.
nonisolated struct Failure: Error, Equatable {
    let number: Int
    init(_ number: Int = 0) { self.number = number }
}

/// Counts bodies that are running, so that a test can see that none is left, and how many ran at a time.
final class Activity {
    /// In place of a long sleep, whose timer would stay behind when it is cancelled.
    private let never = Promise<Void>()
    private(set) var running = 0
    private(set) var most = 0
    private(set) var started = 0
    private(set) var cancelled = 0

    /// Runs `body` as one of them.
    func track<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        running += 1
        started += 1
        most = max(most, running)
        defer { running -= 1 }
        do {
            return try await body()
        } catch {
            if error is CancellationError { cancelled += 1 }
            throw error
        }
    }

    /// Waits until it is cancelled, and then once more as long as `cleanUp`, as one that has to clean up.
    func untilCancelled(cleanUp: Duration = .zero) async throws {
        try await track {
            do {
                try await never.future.value
            } catch {
                if cleanUp > .zero { try await uncancelled { try await Task.sleep(for: cleanUp, clock: .eventLoop) } }
                throw error
            }
        }
    }
}

/// Keeps what happened, in order.
final class Journal<Entry> {
    var entries: [Entry] = []
    func note(_ entry: Entry) { entries.append(entry) }
}
