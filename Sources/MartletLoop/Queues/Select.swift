/// Waits at several channels and does what can be done first, and only that.
///
/// ```swift
/// while let job = try await select(
///     .receive(from: jobs) { $0 },
///     .receive(from: quit) { _ in nil },
///     .after(.seconds(60)) { nil }
/// ) {
///     try await run(job)
/// }
/// ```
///
/// When several can be done at once any of them is taken, so that a busy channel does not starve another. An element
/// that was received reaches the body of its case even when the task is cancelled at that moment, and one whose send is
/// not the chosen case stays with its sender.
///
/// - Parameters:
///   - first: what to wait for.
///   - others: what else.
/// - Returns: what the body of the chosen case returned.
/// - Throws: what that body throws; `ChannelError` when a channel that is to be sent to is closed; `CancellationError`
///   when the task is cancelled and has to wait: nothing was sent or received then.
@MainActor public func select<Output>(_ first: SelectCase<Output>, _ others: SelectCase<Output>...) async throws
    -> Output
{
    try await select([first] + others)
}

/// Waits at as many channels as there are cases, and does what can be done first, and only that.
///
/// - Parameters:
///   - cases: what to wait for; the program ends, naming the place that called, when there is nothing.
///   - file: the place that called.
///   - line: the place that called.
/// - Returns: what the body of the chosen case returned.
/// - Throws: what that body throws; `ChannelError` when a channel that is to be sent to is closed; `CancellationError`
///   when the task is cancelled and has to wait: nothing was sent or received then.
@MainActor public func select<Output>(
    _ cases: [SelectCase<Output>], file: StaticString = #fileID, line: UInt = #line
) async throws -> Output {
    guard !cases.isEmpty else {
        fatalError("a select of no cases would wait for ever; give it at least one", file: file, line: line)
    }
    let offers = cases.map { $0.makeOffer() }
    if let ready = try firstReady(offers) { return try await ready.complete() }
    return try await firstToMeet(offers).complete()
}

/// Does what can be done first without waiting, and only that.
///
/// - Parameter cases: what to try; a delay is never ready.
/// - Returns: what the body of the chosen case returned; `nil` when none was ready.
/// - Throws: what that body throws; `ChannelError` when a channel that is to be sent to is closed.
@MainActor public func trySelect<Output>(_ cases: SelectCase<Output>...) async throws -> Output? {
    try await firstReady(cases.map { $0.makeOffer() })?.complete()
}

private func firstReady<Output>(_ offers: [SelectOffer<Output>]) throws -> SelectOffer<Output>? {
    guard !offers.isEmpty else { return nil }
    let start = SelectOrder.next(below: offers.count)
    for offer in offers[start...] + offers[..<start] where try offer.isDoneAtOnce() { return offer }
    return nil
}

private func firstToMeet<Output>(_ offers: [SelectOffer<Output>]) async throws(CancellationError)
    -> SelectOffer<Output>
{
    let selection = Selection()
    for (index, offer) in offers.enumerated() { offer.enlist(selection, index) }
    defer { for offer in offers { offer.withdraw() } }
    return offers[try await selection.wait()]
}

/// With which case a `select` begins: another each time, and no regular one that a loop could be in step with.
private enum SelectOrder {
    private static var state: UInt64 = 0

    /// The upper bits of a linear congruential generator (Knuth, MMIX).
    static func next(below count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(count))
    }
}
