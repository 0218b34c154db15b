import Glibc
import MartletLoop
import MartletNet
import MartletSupervisor

extension SupervisorPlan {
    /// What the supervisor needs of a configuration.
    ///
    /// - Parameter hasPassedSockets: whether systemd passed sockets, which then are listened on when the file names no
    ///   address.
    @MainActor
    init(_ configuration: Configuration, name: String, hasPassedSockets: Bool) throws {
        let workers: Int
        let reason: String
        switch configuration.workers {
        case .automatic:
            let allowance = CPUAllowance.current()
            workers = allowance.count
            reason = allowance.reason
        case .fixed(let count):
            workers = count
            reason = "\(count): as configured"
        }
        try self.init(
            name: name, workers: workers, workersReason: reason,
            listeners: configuration.listeners(hasPassedSockets: hasPassedSockets).map { listen in
                ListenerPlan(
                    name: listen.label, address: try SocketAddress(parsing: listen.address),
                    options: listen.options)
            },
            control: configuration.control.map {
                ControlPlan(path: $0, mode: configuration.controlMode, readOnlyPath: configuration.controlReadOnly)
            },
            workerPayload: configuration.json(), logLevel: configuration.log.level)
        startTimeout = configuration.timeouts.start.duration
        stallTimeout = configuration.timeouts.stall.duration
        drainTimeout = configuration.timeouts.drain.duration
        pinsWorkers = configuration.pinWorkers
        if let user = configuration.user {
            let credentials = try ProcessCredentials(userNamed: user)
            // Who is that user already needs no right to become it.
            workerCredentials = credentials.user == geteuid() ? nil : credentials
        }
        tls = try TLSPlan.of(configuration)
    }
}

extension LogSetup {
    /// Sets up what `[log]` says.
    static func bootstrap(_ log: Configuration.Log, name: String, slot: Int? = nil, generation: Int? = nil) throws {
        // The target was validated with the configuration.
        try bootstrap(
            target: LogTarget(log.target) ?? .automatic, level: log.level,
            identity: LogIdentity(name: name, slot: slot, generation: generation))
    }
}
