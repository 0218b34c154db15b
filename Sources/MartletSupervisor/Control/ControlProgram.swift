import Glibc

/// A control client's whole run: `martletctl`, and `ctl` of every application.
public nonisolated struct ControlProgram: Sendable {
    /// What the process ends with.
    public nonisolated enum Exit: Int32, Sendable {
        /// What was asked for is done.
        case done = 0
        /// It was refused, or failed.
        case failed = 1
        /// The words are no command.
        case usage = 2
        /// Nobody answers at the socket.
        case unreachable = 3
    }

    /// The control socket; `nil` for the default one.
    public var socket: String?
    /// Whether to print JSON.
    public var json = false
    /// Whether to wait also for what follows: see ``ControlClient/ask(_:waits:)``.
    public var waits = false
    /// How long everything may take, in seconds.
    public var timeoutSeconds = 120

    /// The defaults.
    public init() {}

    /// What help says of the verbs and of the exit codes.
    public static var help: String {
        let width = ControlVerb.forms.map(\.form.count).max() ?? 0
        let verbs = ControlVerb.forms.map { form, meaning in
            "  \(form)\(String(repeating: " ", count: width - form.count))  \(meaning)\n"
        }
        return "Verbs:\n\(verbs.joined())\n"
            + "tls self-signed needs no daemon: it makes a key and a certificate, for trying out.\n"
            + "reload and scale answer with the verdict: the new workers serve, or nothing has changed and why.\n\n"
            + "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 daemon not reachable."
    }

    /// Asks the daemon, prints its answer on standard output and what went wrong on standard error.
    ///
    /// - Parameters:
    ///   - words: the verb, such as `["show", "info"]`.
    ///   - name: what the program calls itself in messages.
    public func run(_ words: [String], name: String) -> Exit {
        let path = socket ?? ControlSocketPath.forClient(environment: ControlSocketPath.processEnvironment)
        let client = ControlClient(path: path, timeout: .seconds(timeoutSeconds))
        do throws(ControlClientError) {
            let verb = try ControlVerb(words: words)
            let reply = json ? try client.askForJSON(verb, waits: waits) : try client.ask(verb, waits: waits)
            // JSON is for programs: they read it in one place, whatever it says.
            let isWritten = Self.print(reply.text, to: reply.isError && !json ? STDERR_FILENO : STDOUT_FILENO)
            return reply.isError || !isWritten ? .failed : .done
        } catch {
            _ = Self.print("\(name): \(error)", to: STDERR_FILENO)
            switch error.code {
            case .usage: return .usage
            case .unreachable: return .unreachable
            default: return .failed
            }
        }
    }

    /// Prints a text and a line end; false when that is not possible, as with a full disk.
    private static func print(_ text: String, to descriptor: Int32) -> Bool {
        guard !text.isEmpty else { return true }
        var bytes = Array(text.utf8)[...]
        bytes.append(0x0A)
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            bytes = bytes.dropFirst(max(0, count))
        }
        return true
    }
}
