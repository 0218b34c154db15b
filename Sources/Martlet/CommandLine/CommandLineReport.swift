import ArgumentParser
import Glibc
import MartletSupervisor

/// Lines for people on standard error.
nonisolated enum StandardError {
    static func write(_ text: String) {
        var text = text
        // There is nobody left to tell if standard error is gone.
        _ = text.withUTF8 { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// How a command line ends that was not one to carry out.
nonisolated enum CommandLineReport {
    /// Prints what ArgumentParser has to say, and returns the process's exit code: 0 for help and the like, 2 for usage
    /// errors as in other daemons and control clients, where ArgumentParser itself would say 64.
    static func print(_ error: any Error, of command: (some ParsableCommand).Type) -> Int32 {
        let message = command.fullMessage(for: error)
        switch command.exitCode(for: error) {
        case .success:
            if !message.isEmpty { Swift.print(message) }
            return 0
        case .validationFailure:
            StandardError.write("\(message)\n")
            return SupervisorExit.wrongConfiguration.rawValue
        case let code:
            if !message.isEmpty { StandardError.write("\(message)\n") }
            return code.rawValue
        }
    }
}
