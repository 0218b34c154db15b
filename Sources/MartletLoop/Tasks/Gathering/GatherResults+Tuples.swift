// One function for each number of bodies, because Swift 6.3 cannot convert a closure to an element of a parameter pack
// where the function has another overload, which `gatherResults` of a sequence is. The work is done by the pack.

/// Runs two bodies side by side, and returns what each came to, value or error: asyncio's
/// `gather(…, return_exceptions=True)`.
///
/// A failure leaves the others alone. When the caller is cancelled, so are all, and this returns when they have ended.
///
/// - Throws: `CancellationError` when the caller was cancelled, unless every body returned a value in spite of that.
@MainActor public func gatherResults<A: Sendable, B: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B
) async throws(CancellationError) -> (Result<A, any Error>, Result<B, any Error>) {
    try await gatherPackResults(a, b)
}

/// Runs three bodies side by side; see `gatherResults(_:_:)`.
@MainActor public func gatherResults<A: Sendable, B: Sendable, C: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C
) async throws(CancellationError) -> (Result<A, any Error>, Result<B, any Error>, Result<C, any Error>) {
    try await gatherPackResults(a, b, c)
}

/// Runs four bodies side by side; see `gatherResults(_:_:)`.
@MainActor public func gatherResults<A: Sendable, B: Sendable, C: Sendable, D: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D
) async throws(CancellationError) -> (
    Result<A, any Error>, Result<B, any Error>, Result<C, any Error>, Result<D, any Error>
) {
    try await gatherPackResults(a, b, c, d)
}

/// Runs five bodies side by side; see `gatherResults(_:_:)`.
@MainActor public func gatherResults<A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D,
    _ e: @escaping @MainActor () async throws -> E
) async throws(CancellationError) -> (
    Result<A, any Error>, Result<B, any Error>, Result<C, any Error>, Result<D, any Error>, Result<E, any Error>
) {
    try await gatherPackResults(a, b, c, d, e)
}

/// Runs six bodies side by side; see `gatherResults(_:_:)`.
@MainActor public func gatherResults<A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable, F: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D,
    _ e: @escaping @MainActor () async throws -> E,
    _ f: @escaping @MainActor () async throws -> F
) async throws(CancellationError) -> (
    Result<A, any Error>, Result<B, any Error>, Result<C, any Error>, Result<D, any Error>, Result<E, any Error>,
    Result<F, any Error>
) {
    try await gatherPackResults(a, b, c, d, e, f)
}

/// Runs a pack of bodies side by side.
private func gatherPackResults<each Value: Sendable>(
    _ bodies: repeat @escaping @MainActor () async throws -> each Value
) async throws(CancellationError) -> (repeat Result<each Value, any Error>) {
    let group = PackGathering(stopsAtFailure: false)
    let outcomes = (repeat Outcome(each bodies))
    await group.run { repeat group.start(each outcomes) }
    try group.checkCancellation()
    return (repeat (each outcomes).final)
}
