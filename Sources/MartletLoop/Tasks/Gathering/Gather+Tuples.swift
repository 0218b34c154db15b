// One function for each number of bodies, because Swift 6.3 cannot convert a closure to an element of a parameter pack
// where the function has another overload, which `gather` of a sequence is. The work is done by the pack.

/// Runs two bodies side by side, and returns what both returned.
///
/// ```swift
/// let (user, orders) = try await gather({ try await fetchUser(id) }, { try await fetchOrders(of: id) })
/// ```
///
/// When one fails, the others are cancelled; when the caller is cancelled, so are all. Either way this returns only
/// when every body has ended.
///
/// - Returns: what the bodies returned, also when they did in spite of the caller's cancellation.
/// - Throws: the first error that a body threw; `CancellationError` when the caller was cancelled before.
@discardableResult
@MainActor public func gather<A: Sendable, B: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B
) async throws -> (A, B) {
    try await gatherPack(a, b)
}

/// Runs three bodies side by side; see `gather(_:_:)`.
@discardableResult
@MainActor public func gather<A: Sendable, B: Sendable, C: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C
) async throws -> (A, B, C) {
    try await gatherPack(a, b, c)
}

/// Runs four bodies side by side; see `gather(_:_:)`.
@discardableResult
@MainActor public func gather<A: Sendable, B: Sendable, C: Sendable, D: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D
) async throws -> (A, B, C, D) {
    try await gatherPack(a, b, c, d)
}

/// Runs five bodies side by side; see `gather(_:_:)`.
@discardableResult
@MainActor public func gather<A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D,
    _ e: @escaping @MainActor () async throws -> E
) async throws -> (A, B, C, D, E) {
    try await gatherPack(a, b, c, d, e)
}

/// Runs six bodies side by side; see `gather(_:_:)`.
@discardableResult
@MainActor public func gather<A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable, F: Sendable>(
    _ a: @escaping @MainActor () async throws -> A,
    _ b: @escaping @MainActor () async throws -> B,
    _ c: @escaping @MainActor () async throws -> C,
    _ d: @escaping @MainActor () async throws -> D,
    _ e: @escaping @MainActor () async throws -> E,
    _ f: @escaping @MainActor () async throws -> F
) async throws -> (A, B, C, D, E, F) {
    try await gatherPack(a, b, c, d, e, f)
}

/// Runs a pack of bodies side by side.
private func gatherPack<each Value: Sendable>(
    _ bodies: repeat @escaping @MainActor () async throws -> each Value
) async throws -> (repeat each Value) {
    let group = PackGathering(stopsAtFailure: true)
    let outcomes = (repeat Outcome(each bodies))
    await group.run { repeat group.start(each outcomes) }
    try group.check()
    return (repeat try (each outcomes).final.get())
}
