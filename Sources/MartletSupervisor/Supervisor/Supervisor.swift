import Glibc
import Logging
import MartletLoop

/// Serves with worker processes, and replaces configuration and workers without losing a connection.
///
/// ```swift
/// let supervisor = Supervisor(version: "1.2", load: { try plan(from: path) })
/// exit(await supervisor.run())
/// ```
///
/// Workers are this very program, started with the single argument `worker`, which has to call `WorkerRuntime.run`.
/// The program sets up logging (`LogSetup`) before.
public final class Supervisor {
    private let load: () throws -> SupervisorPlan
    private let configurationPath: String?
    private let version: String

    /// - Parameters:
    ///   - version: the program's, for `show info`.
    ///   - configurationPath: the configuration's file, for `show info`.
    ///   - load: reads and validates the configuration; called at the start and at each reload. What it throws is shown
    ///     to whoever
    ///     asked for the reload.
    public init(version: String, configurationPath: String? = nil, load: @escaping () throws -> SupervisorPlan) {
        self.version = version
        self.configurationPath = configurationPath
        self.load = load
    }

    /// Runs until the service is told to end; returns the process's exit code, one of `SupervisorExit`.
    ///
    /// What keeps it from starting is written to standard error.
    public func run() async -> Int32 {
        let notifier = SystemdNotifier()
        var name = "martlet"
        do {
            let plan = try loadPlan()
            name = plan.name
            let program = Master.Program(
                version: version, configurationPath: configurationPath, load: { try self.loadPlan() })
            let master = try Master(plan: plan, program: program, notifier: notifier)
            return try await master.run().rawValue
        } catch {
            Self.complain("\(name): \(error)")
            notifier.status("cannot start: \(error)")
            return Self.exit(for: error).rawValue
        }
    }

    private func loadPlan() throws -> SupervisorPlan {
        do {
            let plan = try load()
            try plan.validate()
            return plan
        } catch {
            throw PlanError(text: "\(error)")
        }
    }

    private static func exit(for error: any Error) -> SupervisorExit {
        switch error {
        case is PlanError: .wrongConfiguration
        case is WorkersCannotStart: .workersCannotStart
        default: .failed
        }
    }

    private static func complain(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        // There is nobody left to tell if standard error is gone.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// A configuration that cannot be used.
nonisolated struct PlanError: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

/// None of the first workers became ready.
nonisolated struct WorkersCannotStart: Error, CustomStringConvertible {
    /// What the slots' workers said, by slot.
    let reasons: [Int: String]

    var description: String {
        let unique = Set(reasons.values).sorted()
        return "no worker can start: \(unique.joined(separator: "; "))"
    }
}

extension SupervisorPlan {
    /// The most workers that there can be.
    public static let mostWorkers = 1024

    func validate() throws(PlanError) {
        guard (1...Self.mostWorkers).contains(workers) else {
            throw PlanError(text: "workers = \(workers): write a number from 1 to \(Self.mostWorkers), or \"auto\"")
        }
        for (index, listener) in listeners.enumerated()
        where listeners[..<index].contains(where: { $0.address == listener.address && listener.address.port != 0 }) {
            throw PlanError(text: "[[listen]] has \(listener.address) twice; remove one of them")
        }
    }
}
