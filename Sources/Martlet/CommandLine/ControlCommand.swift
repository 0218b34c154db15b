import ArgumentParser
import MartletSupervisor

/// Asks the running daemon, and tells it what to do: `martletctl`, and `ctl` of every application.
public struct ControlCommand: ParsableCommand {
    /// What `--help` says.
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: isWholeProgram ? name : "ctl",
            abstract: "Ask the running daemon, and tell it what to do.",
            usage: "\(name) [--socket <path>] [--json] [--wait] [--timeout <seconds>] <verb> ...",
            discussion: ControlProgram.help + "\n\nFiles are downloaded by: \(name) fetch --help"
                + "\nWork queues are looked into by: \(name) queue --help")
    }

    private static var isWholeProgram: Bool { ProgramFacts.name == "martletctl" }
    private static var name: String { isWholeProgram ? ProgramFacts.name : "\(ProgramFacts.name) ctl" }

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The daemon's control socket; by default $MARTLET_CONTROL, or where the daemon makes it by default.",
            valueName: "path"))
    var socket: String?

    @Flag(help: "Print what the daemon answers as JSON.")
    var json = false

    @Flag(help: "Also wait until the old workers are gone (reload, scale) or the daemon has ended (drain, stop).")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait for all of it.", valueName: "seconds"))
    var timeout = 120

    @OptionGroup(title: "Self-signed certificates")
    var selfSigned: SelfSignedOptions

    @Argument(help: ArgumentHelp("What to do, such as: show info", valueName: "verb"))
    var words: [String] = []

    /// A command without options and verb, for ArgumentParser to fill in.
    public init() {}

    /// Refuses times that cannot be waited for.
    public func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout: \(timeout) is not between 1 and 86400 seconds")
        }
        guard selfSigned.isEmpty || isSelfSigned else {
            throw ValidationError("--name, --out, --days and --force are for `tls self-signed`")
        }
    }

    /// Asks, prints the answer, and ends with the exit code that `ControlProgram` documents.
    public func run() throws {
        if words == ["help"] { throw CleanExit.helpRequest(self) }
        if isSelfSigned { return try makeCertificate() }
        var program = ControlProgram()
        program.socket = socket
        program.json = json
        program.waits = wait
        program.timeoutSeconds = timeout
        throw ExitCode(program.run(words, name: Self.name).rawValue)
    }

    private var isSelfSigned: Bool { words == ["tls", "self-signed"] }

    private func makeCertificate() throws {
        do {
            let result = try SelfSignedCertificate(selfSigned).make()
            print(json ? try result.json() : result.text)
        } catch {
            StandardError.write("\(Self.name): cannot make a certificate: \(error)\n")
            throw ExitCode(ControlProgram.Exit.failed.rawValue)
        }
    }

    /// The entry point of a program that does nothing else; returns the process's exit code.
    @MainActor
    public static func runAsProgram() async -> Int32 {
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if let words = FetchCommand.words(in: arguments) { return await FetchCommand.run(words) }
            if let words = QueueCommand.words(in: arguments) { return await QueueCommand.run(words) }
            var command = try parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            return CommandLineReport.print(error, of: ControlCommand.self)
        }
    }
}
