/// Background tasks that belong to something that ends: a connection, a service, a program.
///
/// ```swift
/// let mail = TaskScope()
/// mail.spawn(name: "welcome mail") { try await send(welcome, to: user) }
/// …
/// await mail.drain(within: .seconds(10))
/// ```
///
/// An error of one of the tasks is reported, never swallowed, and leaves the others alone. When the scope goes away,
/// those that are still running are cancelled; `drain` also waits for them.
public final class TaskScope {
    private let children = ChildTasks()
    private let onError: (@MainActor (UnhandledError) -> Void)?

    /// A scope without tasks.
    ///
    /// - Parameter onError: what is done with the error of a task; `EventLoop.onUnhandledError`, unless given.
    ///   `CancellationError` of a task that has been cancelled is none.
    public init(onError: (@MainActor (UnhandledError) -> Void)? = nil) {
        self.onError = onError
    }

    /// How many tasks have not ended.
    public var count: Int { children.count }

    /// Whether all tasks have ended.
    public var isEmpty: Bool { children.count == 0 }

    /// Starts a task, which runs at once until it is first suspended. The deadlines around the caller do not count for
    /// it.
    ///
    /// - Parameters:
    ///   - name: for the reader of logs and of dumps of tasks (`Task.name`).
    ///   - body: what to run. Started while the scope is being cancelled, it is cancelled from the outset.
    ///   - file: where this is called, for messages.
    ///   - line: where this is called, for messages.
    /// - Returns: the task, to be awaited or cancelled.
    @discardableResult
    public func spawn(
        name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping @MainActor () async throws -> Void
    ) -> Task<Void, Never> {
        let onError = onError
        return CurrentTimeout.withNone {
            children.start(name: name) {
                do {
                    try await body()
                } catch  where error.saysCancelled && Task.isCancelled {
                } catch {
                    let task = name.map { "the task \"\($0)\"" } ?? "a background task"
                    let unhandled = UnhandledError(cause: error, task: task, place: "\(file):\(line)")
                    if let onError { onError(unhandled) } else { EventLoop.onUnhandledError(unhandled) }
                }
            }
        }
    }

    /// Cancels all tasks that are running now.
    public func cancelAll() {
        children.cancelRunning()
    }

    /// Waits until all tasks have ended, those included that are started meanwhile.
    ///
    /// When the time is up, or the caller is cancelled, cancels them and still waits. The scope may be used again
    /// afterwards. Not to be called from one of its own tasks, which would wait for itself.
    ///
    /// - Parameter patience: how long they may take to end by themselves; without limit, unless given.
    /// - Returns: how many had to be cancelled.
    @discardableResult
    public func drain(within patience: Duration? = nil) async -> Int {
        await drain(until: patience.map { EventLoop.main.time() + $0 } ?? .distantFuture)
    }

    /// Waits until all tasks have ended, and cancels them at `deadline`; see `drain(within:)`.
    ///
    /// - Returns: how many had to be cancelled.
    @discardableResult
    public func drain(until deadline: EventLoop.Instant) async -> Int {
        await children.drain(until: deadline)
    }

    deinit {
        EventLoop.perform { [children] in children.cancelRunning() }
    }
}

/// Runs `body` with a scope for background tasks, and waits for them when it ends.
///
/// - Parameters:
///   - onError: what is done with the error of a task; `EventLoop.onUnhandledError`, unless given.
///   - body: what to run. When it throws, the tasks are cancelled before they are waited for.
/// - Returns: what the body returns.
/// - Throws: what the body throws.
@MainActor public func withTaskScope<Value: Sendable>(
    onError: (@MainActor (UnhandledError) -> Void)? = nil, _ body: @MainActor (TaskScope) async throws -> Value
) async rethrows -> Value {
    let scope = TaskScope(onError: onError)
    do {
        let value = try await body(scope)
        await scope.drain()
        return value
    } catch {
        await scope.drain(within: .zero)
        throw error
    }
}
