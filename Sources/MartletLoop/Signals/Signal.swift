import CMartlet
import Glibc

/// A signal that the process got (man 7 signal).
public nonisolated struct Signal: Hashable, Sendable, CustomStringConvertible {
    /// Who sent a signal.
    public struct Sender: Hashable, Sendable {
        /// The process; 0 when it cannot be seen from here, as from inside a container.
        public let processID: Int32
        /// The real user of that process.
        public let userID: UInt32
    }

    /// Its number: `SIGTERM`, `SIGINT`, …
    public let number: Int32
    /// The process that sent it; `nil` when the kernel did: a key of the terminal, a timer, a child that ended.
    public let sender: Sender?

    init(_ number: Int32, sender: Sender? = nil) {
        self.number = number
        self.sender = sender
    }

    /// Reads what the signalfd tells (man 2 signalfd).
    init(_ info: signalfd_siginfo) {
        // kill, sigqueue and tgkill (man 2 sigaction, si_code); with any other code, the fields mean other things.
        let hasSender = [0, -1, -6].contains(info.ssi_code)
        self.init(
            Int32(truncatingIfNeeded: info.ssi_signo),
            sender: hasSender
                ? Sender(processID: Int32(truncatingIfNeeded: info.ssi_pid), userID: info.ssi_uid) : nil)
    }

    /// `SIGTERM`, `SIGRTMIN+4`
    public var name: String {
        if let text = martlet_signal_abbreviation(number) { return "SIG" + String(cString: text) }
        let lowest = __libc_current_sigrtmin()
        let highest = __libc_current_sigrtmax()
        guard number >= lowest && number <= highest else { return "signal \(number)" }
        return number == lowest ? "SIGRTMIN" : "SIGRTMIN+\(number - lowest)"
    }

    /// `SIGTERM (terminated) from process 4711 of user 1000`
    public var description: String {
        var text = name
        if let words = martlet_signal_words(number).map({ String(cString: $0) }), let first = words.first {
            text += " (\(first.lowercased())\(words.dropFirst()))"
        }
        if let sender { text += " from process \(sender.processID) of user \(sender.userID)" }
        return text
    }
}
