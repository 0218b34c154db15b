import Glibc
import MartletServer
import MartletSupervisor

/// A server program: its routes, and everything around them from the command line to systemd.
///
/// ```swift
/// @main
/// struct Hello: Application {
///     static func routes(_ router: Router) {
///         router.get("/{name}") { request in "Hello, \(request.parameters["name"]!)" }
///     }
/// }
/// ```
///
/// `hello run` serves it with one worker process per CPU; `hello run --foreground` with one process and no supervisor,
/// for a debugger; `hello check` validates a configuration; `hello ctl show workers` asks a running one. All of it
/// reads the configuration that `etc/martlet.toml` explains, whose `[[route]]`s are served beside the application's
/// own.
@MainActor
public protocol Application {
    /// Adds the application's routes. Called in each worker, and where a configuration is checked: it must have no
    /// other effect.
    static func routes(_ router: Router)

    /// Prepares a worker before it serves: state for handlers to reach, background work, what is to be done at the end.
    /// The default does nothing.
    ///
    /// - Throws: why the worker cannot serve; whoever starts or reloads the service is told.
    static func start(_ worker: Worker) async throws

    /// The configuration that is read when the command line names none; `nil`, the default, means the defaults of all
    /// keys.
    static var configurationPath: String? { get }

    /// The version that `--version` and `show info` tell.
    static var version: String { get }
}

extension Application {
    /// Nothing to prepare.
    public static func start(_ worker: Worker) async throws {}

    /// No file: the defaults of all keys.
    public static var configurationPath: String? { nil }

    /// Martlet's own version.
    public static var version: String { MartletVersion.current }

    /// The program's entry point: does what the command line says and ends the process.
    public static func main() async {
        let code =
            CommandLine.arguments.dropFirst() == ["worker"]
            ? await WorkerProgram<Self>.run() : await ApplicationProgram<Self>.run(CommandLine.arguments)
        exit(code)
    }
}

/// This package's version.
public nonisolated enum MartletVersion {
    /// As in `0.1.0`.
    public static let current = "0.1.0"
}
