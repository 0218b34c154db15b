import ArgumentParser
import Glibc
import MartletQueue

/// `martletctl queue`: looks into a work queue, and mends it.
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Look into a work queue, and mend it.",
        discussion: """
            The queue is where the application has it: --at sqlite:/path or redis://host, or $MARTLET_QUEUE. No daemon has \
            to run.

            Exit codes: 0 done, 1 refused or failed, 2 usage.
            """,
        subcommands: [
            QueueShowCommand.self, QueueListCommand.self, QueueRetryCommand.self, QueueDeleteCommand.self,
            QueuePurgeCommand.self,
        ])

    /// What is behind `queue`, where that is the first word: see `FetchCommand.words(in:)`.
    static func words(in arguments: [String]) -> [String]? {
        arguments.first == "queue" ? Array(arguments.dropFirst()) : nil
    }

    /// Does what these words say, and returns the process's exit code.
    @MainActor
    static func run(_ words: [String]) async -> Int32 {
        do {
            let command = try parseAsRoot(words)
            guard let action = command as? any QueueAction else {
                var command = command
                try command.run()
                return 0
            }
            return await run(action)
        } catch {
            return CommandLineReport.print(error, of: QueueCommand.self)
        }
    }

    @MainActor
    private static func run(_ action: some QueueAction) async -> Int32 {
        do {
            let queue = try await action.place.open()
            do {
                let report = try await action.perform(on: queue)
                await queue.close()
                print(report.text)
                for failure in report.failures { StandardError.write("\(ProgramFacts.name): \(failure)\n") }
                return report.failures.isEmpty ? 0 : 1
            } catch {
                await queue.close()
                throw error
            }
        } catch {
            StandardError.write("\(ProgramFacts.name): \(error)\n")
            return 1
        }
    }
}

/// A subcommand of `queue`.
protocol QueueAction: ParsableCommand {
    var place: QueuePlace { get }

    /// Does it, and returns what to say of it.
    @MainActor func perform(on queue: WorkQueue) async throws -> QueueReport
}

/// What has come of a subcommand.
struct QueueReport {
    /// What to print.
    let text: String
    /// What could not be done, while the rest was.
    var failures: [String] = []
}

/// Where the queue is, and how to print.
struct QueuePlace: ParsableArguments {
    @Option(
        name: .customLong("at"),
        help: ArgumentHelp("Where the queue is; $MARTLET_QUEUE unless given.", valueName: "url"))
    var url: String?

    @Option(help: "What the queue is called.")
    var name = "default"

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard location != nil else {
            throw ValidationError("say where the queue is: --at sqlite:/path or redis://host, or set MARTLET_QUEUE")
        }
    }

    private var location: String? {
        url ?? getenv("MARTLET_QUEUE").map { String(cString: $0) }
    }

    @MainActor
    func open() async throws -> WorkQueue {
        var settings = QueueSettings()
        // A path that was mistyped is not to become an empty queue.
        settings.createsDatabase = false
        settings.logger.logLevel = .warning
        return try await WorkQueue.open(location ?? "", name: name, settings: settings)
    }
}
