/// Runs `body` for every element of a sequence side by side, and hands out the values as they come.
///
/// ```swift
/// for try await page in asCompleted(urls, limit: 10, fetch) {
///     print(page.title)
/// }
/// ```
///
/// The bodies are started when the loop begins. When one fails, the others are cancelled; when the caller is cancelled,
/// so are all. The loop ends with that error only when every body that was started has ended.
///
/// To leave the loop early, with `break`, `return` or an error of one's own, cancels the bodies that are still running,
/// but a sequence has no way to wait for them, and what they throw afterwards is lost: use
/// `asCompleted(_:limit:_:consume:)` where that matters.
///
/// - Parameters:
///   - elements: what to run it for; taken one by one, as there is room.
///   - limit: how many run at a time or have a value that was not taken yet, at least 1; all of them, unless given.
///   - body: what to run, for each element in a task of its own.
/// - Returns: the values, in the order in which the bodies end; each loop over it runs the bodies once more.
@MainActor public func asCompleted<Elements: Sequence, Value: Sendable>(
    _ elements: Elements, limit: Int = .max, _ body: @escaping @MainActor (Elements.Element) async throws -> Value
) -> AsCompleted<Elements, Value> {
    AsCompleted(elements: elements, limit: limit, body: body)
}

/// Runs `body` for every element of a sequence side by side, hands `consume` the values as they come, and returns when
/// every body that was started has ended, however `consume` does.
///
/// ```swift
/// let found = try await asCompleted(mirrors) { try await fetch($0) } consume: { pages in
///     for try await page in pages where page.isFresh { return page }     // cancels the others, and waits for them
///     return nil
/// }
/// ```
///
/// - Parameters:
///   - elements: what to run it for; taken one by one, as there is room.
///   - limit: how many run at a time or have a value that was not taken yet, at least 1; all of them, unless given.
///   - body: what to run, for each element in a task of its own.
///   - consume: what takes the values, in the order in which the bodies end.
/// - Returns: what `consume` returns.
/// - Throws: what `consume` throws; the values throw the error of the first body that fails, or `CancellationError`.
@MainActor public func asCompleted<Elements: Sequence, Value: Sendable, Answer: Sendable>(
    _ elements: Elements, limit: Int = .max, _ body: @escaping @MainActor (Elements.Element) async throws -> Value,
    consume: @MainActor (AsCompleted<Elements, Value>.Running) async throws -> Answer
) async throws -> Answer {
    let completions = Completions(elements.makeIterator(), limit: limit, body: body)
    completions.begin()
    do {
        let answer = try await consume(AsCompleted.Running(completions: completions))
        await completions.cancel()
        return answer
    } catch {
        await completions.cancel()
        throw error
    }
}

/// The values of bodies that run side by side, as they come; see `asCompleted(_:limit:_:)`.
public struct AsCompleted<Elements: Sequence, Value: Sendable>: AsyncSequence {
    fileprivate let elements: Elements
    fileprivate let limit: Int
    fileprivate let body: @MainActor (Elements.Element) async throws -> Value

    /// Starts the bodies.
    public func makeAsyncIterator() -> Iterator {
        let completions = Completions(elements.makeIterator(), limit: limit, body: body)
        completions.begin()
        return Iterator(completions: completions, lease: CompletionsLease(completions.children))
    }

    /// Takes the values one by one.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let completions: Completions<Elements.Iterator, Value>
        /// Cancels the bodies when the last copy of the iterator goes away; `nil` for those that are waited for.
        fileprivate let lease: CompletionsLease?

        /// Waits for the next body to end, and returns its value; `nil` when there are no more.
        ///
        /// - Throws: the error of the first body that fails; `CancellationError` when the caller is cancelled. Every
        ///   body has ended then, and there are no more values.
        public func next() async throws -> Value? {
            try await completions.next()
        }
    }

    /// The same values within `asCompleted(_:limit:_:consume:)`, where every loop goes on with what is left.
    public struct Running: AsyncSequence {
        fileprivate let completions: Completions<Elements.Iterator, Value>

        /// An iterator that goes on with what is left.
        public func makeAsyncIterator() -> Iterator {
            Iterator(completions: completions, lease: nil)
        }
    }
}

/// Cancels bodies when nobody can take their values any more.
private final class CompletionsLease {
    private let children: ChildTasks

    init(_ children: ChildTasks) {
        self.children = children
    }

    deinit {
        EventLoop.perform { [children] in children.cancel() }
    }
}
