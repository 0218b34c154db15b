import CoreMetrics
import Logging
import MartletLoop
import MartletServer

/// What a worker does with its sockets. The supervisor decides, `WorkerRuntime` passes it on.
///
/// A descriptor that is handed over is the service's to close.
public protocol WorkerService: AnyObject {
    /// Called once when nothing is under way any more after `drain`.
    var onDrained: (() -> Void)? { get set }
    /// Called once when it cannot go on, with the reason; at once if that is so when it is set. It is drained then.
    var onFailure: ((String) -> Void)? { get set }

    /// Starts accepting from further sockets: the slot's own at the start, another slot's later.
    ///
    /// - Throws: why it cannot. At the start, the worker ends and the supervisor is told.
    func accept(from listeners: [WorkerListener]) throws

    /// Stops accepting from sockets and closes their descriptors. Connections go on.
    func leave(_ listeners: [WorkerListener])

    /// Makes ready what new TLS handshakes are to use once `usePreparedTLS` is called; what was made ready before is
    /// forgotten.
    ///
    /// - Parameter material: what `TLSPlan.material` held.
    /// - Throws: why it cannot be used; then everything goes on as it was.
    func prepareTLS(_ material: [UInt8]) throws

    /// Uses for new TLS handshakes what was made ready; connections that there are go on.
    ///
    /// - Throws: why it cannot, although it could be made ready.
    func usePreparedTLS() throws

    /// Encrypts session tickets with these keys from now on.
    func use(_ keys: TicketKeyMemory.Keys)

    /// Stops accepting, closes the listening descriptors, and lets everything under way finish.
    func drain()

    /// Cuts everything off, and returns when what that leaves behind is tidied up.
    func stop() async
}

extension WorkerService {
    /// For services without TLS: they have no use for it.
    public func prepareTLS(_ material: [UInt8]) throws {}
    /// Does nothing.
    public func usePreparedTLS() throws {}
    /// Does nothing.
    public func use(_ keys: TicketKeyMemory.Keys) {}
}

/// A listening socket in a worker.
public nonisolated struct WorkerListener: Hashable, Sendable {
    /// The name in the configuration.
    public let name: String
    /// Where it listens, in the configuration's notation, with the port that it got.
    public let address: String
    /// Non-blocking and close-on-exec.
    public let descriptor: Int32
}

/// Who a worker is and what it got from the supervisor.
public struct WorkerContext {
    /// The slot whose sockets it accepts from.
    public let slot: Int
    /// Goes up with each reload.
    public let generation: Int
    /// The validated configuration, as `SupervisorPlan.workerPayload` held it.
    public let payload: [UInt8]
    /// Certificates and their keys, as `TLSPlan.material` held them; empty when no listener has TLS.
    public let tlsMaterial: [UInt8]
    /// For `LogSetup`.
    public let identity: LogIdentity
    /// For `LogSetup`.
    public let logLevel: Logger.Level
    /// Where to count.
    public let statistics: WorkerStatistics
    /// The backend for swift-metrics: what it counts shows among the statistics.
    public let metrics: any MetricsFactory
    /// What rate limits count in, shared with all other workers.
    public let rateLimits: RateLimitTable
    /// What carries messages to all other workers, and back.
    public let bus: any WorkerBus
    /// Tells the supervisor of something for `show errors`. More than a few a second are only counted.
    public let report: (Logger.Level, String) -> Void
}

/// Why a worker cannot serve.
public nonisolated struct WorkerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened, and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
