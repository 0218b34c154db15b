import Logging
import MartletLoop
import MartletNet

/// Everything that the supervisor has to know of a configuration; made anew at each reload.
public nonisolated struct SupervisorPlan: Sendable {
    /// The program's name, for logs and STATUS.
    public var name: String
    /// How many workers to run, 1 to 1024.
    public var workers: Int
    /// Why that many, for people: `2: 2 CPUs in the affinity mask, no cgroup quota`.
    public var workersReason: String
    /// Where to listen; no address twice.
    public var listeners: [ListenerPlan]
    /// The control socket; `nil` for none. A change takes effect at the next start.
    public var control: ControlPlan?
    /// How long a worker may take to be ready.
    public var startTimeout: Duration = .seconds(10)
    /// How long a worker's loop may stand still; anything below a second counts as one.
    public var stallTimeout: Duration = .seconds(10)
    /// How long a worker may take to finish what it has.
    public var drainTimeout: Duration = .seconds(30)
    /// Who the workers run as; `nil`: who the supervisor is.
    public var workerCredentials: ProcessCredentials?
    /// Whether worker i runs on the i-th allowed CPU only.
    public var pinsWorkers = true
    /// The validated configuration, as the workers read it.
    public var workerPayload: [UInt8]
    /// The certificates; `nil` when no listener has TLS.
    public var tls: TLSPlan?
    /// Entries below this level are not logged.
    public var logLevel: Logger.Level

    /// A plan with the default times.
    public init(
        name: String, workers: Int, workersReason: String, listeners: [ListenerPlan], control: ControlPlan?,
        workerPayload: [UInt8], logLevel: Logger.Level = .info
    ) {
        self.name = name
        self.workers = workers
        self.workersReason = workersReason
        self.listeners = listeners
        self.control = control
        self.workerPayload = workerPayload
        self.logLevel = logLevel
    }
}

/// One `[[listen]]` of the configuration.
public nonisolated struct ListenerPlan: Hashable, Sendable {
    /// What it is called, also by systemd when it passes the socket.
    public var name: String
    /// Where it listens.
    public var address: SocketAddress
    /// How it listens. SO_REUSEPORT is the supervisor's to choose.
    public var options: ListenOptions

    /// A listener.
    public init(name: String, address: SocketAddress, options: ListenOptions = ListenOptions()) {
        self.name = name
        self.address = address
        self.options = options
    }
}

/// The control socket of the configuration.
public nonisolated struct ControlPlan: Hashable, Sendable {
    /// The socket's file; its path may have 107 bytes.
    public var path: String
    /// The file's mode.
    public var mode: UInt32
    /// Another socket that changes nothing, for monitoring; `nil` for none.
    public var readOnlyPath: String?

    /// A control socket.
    public init(path: String, mode: UInt32 = 0o660, readOnlyPath: String? = nil) {
        self.path = path
        self.mode = mode
        self.readOnlyPath = readOnlyPath
    }
}
