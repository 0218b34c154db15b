import ArgumentParser
import CoreMetrics
import Glibc
import Logging
import MartletLoop
import MartletServer
import MartletSupervisor

/// What the command line asks an application's program to do.
@MainActor
enum ApplicationProgram<App: Application> {
    /// Does it, and returns the process's exit code: that of ``SupervisorExit`` or `ControlClient`, 2 for a command
    /// line that is wrong.
    static func run(_ arguments: [String]) async -> Int32 {
        ProgramFacts.version.withLock { $0 = App.version }
        if arguments.dropFirst().first == "ctl", let words = FetchCommand.words(in: Array(arguments.dropFirst(2))) {
            return await FetchCommand.run(words)
        }
        do {
            switch try ApplicationCommand.parseAsRoot(Array(arguments.dropFirst())) {
            case let command as RunCommand:
                return command.foreground ? try await serve(command) : await supervise(command)
            case let command as CheckCommand:
                return try check(command)
            case var command:
                try command.run()
                return 0
            }
        } catch {
            return report(error)
        }
    }

    private static func report(_ error: any Error) -> Int32 {
        if error is ConfigurationError || error is RouteError || error is CannotServe {
            StandardError.write("\(error)\n")
            return error is CannotServe ? SupervisorExit.failed.rawValue : SupervisorExit.wrongConfiguration.rawValue
        }
        return CommandLineReport.print(error, of: ApplicationCommand.self)
    }

    // MARK: The verbs

    private static func supervise(_ command: RunCommand) async -> Int32 {
        let path = command.settings.path(default: App.configurationPath)
        let hasPassedSockets = getenv("LISTEN_FDS") != nil
        do throws(SystemError) {
            try DescriptorLimit.raise()
        } catch {
            StandardError.write("\(ProgramFacts.name): \(error)\n")
        }
        var hasLog = false
        let supervisor = Supervisor(version: App.version, configurationPath: path) {
            let configuration = try load(command.settings)
            // A reload that fails must not have moved the log already: the supervisor's stays where it was at the
            // start.
            if !hasLog { try LogSetup.bootstrap(configuration.log, name: ProgramFacts.name) }
            hasLog = true
            return try SupervisorPlan(
                configuration, name: ProgramFacts.name, hasPassedSockets: hasPassedSockets)
        }
        return await supervisor.run()
    }

    private static func serve(_ command: RunCommand) async throws -> Int32 {
        let configuration = try load(command.settings)
        try LogSetup.bootstrap(configuration.log, name: ProgramFacts.name)
        let process: LoneProcess
        do {
            process = try LoneProcess()
        } catch {
            throw CannotServe(description: "\(error)")
        }
        // Before the routes that are served are made: a metric belongs to the backend that there is when it is made.
        MetricsSystem.bootstrap(process.metrics)
        let router = try ApplicationRouter.make(for: App.self, configuration)
        let worker = Worker(logger: Logger(label: "martlet.worker"))
        do {
            try configuration.channels.share(worker)
            try await App.start(worker)
            try await router.start(worker)
        } catch {
            throw CannotServe(description: "the application cannot start: \(error)")
        }
        return try await ForegroundServer(process, router: router, worker: worker, configuration: configuration).run()
    }

    private static func check(_ command: CheckCommand) throws -> Int32 {
        let configuration = try load(command.settings)
        let path = command.settings.path(default: App.configurationPath)
        let plan = try SupervisorPlan(configuration, name: ProgramFacts.name, hasPassedSockets: false)
        for warning in plan.tls?.warnings(at: Int64(time(nil))) ?? [] { StandardError.write("warning: \(warning)\n") }
        print("\(path ?? "the defaults"): the configuration is valid")
        return 0
    }

    /// Reads the configuration and makes sure that its routes and the application's fit together.
    private static func load(_ settings: SettingOptions) throws -> Configuration {
        let configuration = try settings.load(default: App.configurationPath)
        _ = try ApplicationRouter.make(for: App.self, configuration)
        return configuration
    }
}
