/// What carries messages between the workers of a machine: what one broadcasts reaches all others, those of another
/// generation included, while a reload replaces them.
///
/// Several users share it, each with a ``WorkerBusService`` of its own:
///
/// ```swift
/// extension WorkerBusService {
///     static let invalidation = WorkerBusService(rawValue: 128)
/// }
///
/// static func start(_ worker: Worker) async throws {
///     worker.bus?.listen(to: .invalidation) { event in
///         if case .message(let key, from: _) = event { cache.remove(key) }
///     }
/// }
/// ```
///
/// One sender's messages arrive in their order; between those of several senders there is none. A message reaches each
/// other worker once, or not at all: where a queue is full it is dropped, which is counted as `bus_dropped`. What a
/// worker sends that ends right after may be lost, too.
///
/// What arrives before the first service listens, or the worker serves, waits. From then on, what comes for a service
/// that nobody listens to is passed over: so listen in the application's `start`.
public protocol WorkerBus: AnyObject {
    /// This worker's own identity: never used again while the supervisor lives, and not 0.
    var identity: UInt64 { get }

    /// The other workers that are known to live. It changes together with the events `joined` and `left`, and is empty
    /// until what has arrived is read.
    var others: Set<UInt64> { get }

    /// The most bytes that a message may have.
    var longestMessage: Int { get }

    /// Sends to all other workers, at the end of this turn of the loop.
    ///
    /// - Parameters:
    ///   - message: at most ``longestMessage`` bytes, which may be none.
    ///   - service: whose message it is.
    /// - Returns: whether it is on its way. `false` when it is too long, which is logged; when the way to the
    ///   supervisor is full, which is counted; and when the bus has ended, because the supervisor has.
    @discardableResult
    func broadcast(_ message: [UInt8], to service: WorkerBusService) -> Bool

    /// Takes the service's messages, and what becomes of the other workers, from now on. A second listener of a service
    /// takes the place of the first.
    ///
    /// - Parameters:
    ///   - service: whose messages.
    ///   - onEvent: called in the loop's turn, never before this returns. It must not take long.
    func listen(to service: WorkerBusService, _ onEvent: @escaping (WorkerBusEvent) -> Void)

    /// Ends what `listen` began.
    func stopListening(to service: WorkerBusService)
}
