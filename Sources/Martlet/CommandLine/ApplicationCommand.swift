import ArgumentParser
import Synchronization

/// What `--help` and `--version` say of the program. ArgumentParser asks for it in static properties of its commands.
nonisolated enum ProgramFacts {
    /// The last part of the path by which the program was called.
    static var name: String {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "martlet"
    }

    static let version = Mutex(MartletVersion.current)
}

/// The program's command line.
struct ApplicationCommand: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: ProgramFacts.name, abstract: "Serves HTTP with one worker process per CPU.",
            version: ProgramFacts.version.withLock { $0 },
            subcommands: [RunCommand.self, CheckCommand.self, ControlCommand.self], defaultSubcommand: RunCommand.self)
    }
}

/// `run`: serves until it is told to end.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Serve.")

    @OptionGroup var settings: SettingOptions

    @Flag(help: "One process without supervisor, workers and reload, for a debugger.")
    var foreground = false
}

/// `check`: validates a configuration, and neither binds nor writes anything.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration without serving it.")

    @OptionGroup var settings: SettingOptions
}
