/// Runs children side by side and starts them again when they end, as a supervisor of Erlang/OTP does; a child that
/// runs a group of its own makes it a tree.
///
/// ```swift
/// try await withSupervision("net", strategy: .restForOne) { group in
///     group.add("database") { try await database.run() }
///     group.add("web") { try await serve(database) }
///     group.add("migration", restart: .transient) { try await migrate(database) }
/// }
/// ```
///
/// It returns when no child is left that runs or is to be started again, which with a permanent child is never.
///
/// - Parameters:
///   - name: what the group is called in events and errors.
///   - strategy: who is started again when one child is; the child alone, unless given.
///   - limit: how many restarts are allowed within what time before the group gives up; 3 within 5 seconds, unless
///     given.
///   - backoff: how long to wait before a restart. The first wait is taken again once no restart lies within the window
///     of the limit.
///   - onEvent: told what happens to the children. Unless given, failures go to `EventLoop.onUnhandledError`.
///   - setUp: adds the children. They are started when it returns.
///   - file: where this is called, for messages.
///   - line: where this is called, for messages.
/// - Throws: `SupervisionError` when the group gives up; `CancellationError` when the caller is cancelled; what `setUp`
///   throws. Every child has ended then: they are cancelled one by one, from the last to the first, and waited for.
@MainActor public func withSupervision(
    _ name: String = "supervision", strategy: RestartStrategy = .oneForOne,
    limit: RestartLimit = RestartLimit(3, within: .seconds(5)),
    backoff: Backoff = .exponential(from: .milliseconds(100), to: .seconds(30)),
    onEvent: (@MainActor (SupervisionEvent) -> Void)? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ setUp: @MainActor (SupervisedTaskGroup) throws -> Void
) async throws {
    let reportFailure: @MainActor (SupervisionEvent) -> Void = { event in
        guard event.kind == .failed, let cause = event.error else { return }
        let task = "the child \"\(event.child)\" of \"\(event.group)\""
        EventLoop.onUnhandledError(UnhandledError(cause: cause, task: task, place: "\(file):\(line)"))
    }
    let group = SupervisedTaskGroup(
        name: name, strategy: strategy, limit: limit, backoff: backoff, onEvent: onEvent ?? reportFailure)
    try setUp(group)
    try await group.run()
}
