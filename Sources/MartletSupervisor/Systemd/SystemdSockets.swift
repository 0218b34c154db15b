import CMartlet
import CSystemd
import Glibc
import MartletLoop

/// A listening socket that systemd opened and passed (socket activation, man 3 sd_listen_fds).
public struct SystemdSocket: Equatable, Sendable {
    /// From 3 upwards; close-on-exec.
    public let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit, or the unit's name.
    public let name: String
}

extension SystemdNotifier {
    /// The listening sockets that systemd passed; empty when it passed none, or to another process.
    ///
    /// - Throws: when a descriptor is not a listening stream socket.
    public static func listenDescriptors() throws(SystemError) -> [SystemdSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(0, &names)
        guard count >= 0 else {
            throw SystemError(
                "take the sockets passed by systemd", code: -count, advice: "check LISTEN_FDS and LISTEN_FDNAMES")
        }
        defer { free(names) }
        var sockets: [SystemdSocket] = []
        for index in 0..<Int(count) {
            let name = names?[index]
            sockets.append(
                SystemdSocket(
                    descriptor: Int32(3 + index), name: name.map { String(cString: $0) } ?? "unknown"))
            free(name)
        }
        for socket in sockets { try validate(socket) }
        return sockets
    }

    /// Sees to it that a passed descriptor can be accepted from.
    static func validate(_ socket: SystemdSocket) throws(SystemError) {
        let operation = "use the socket passed by systemd,"
        let target = "descriptor \(socket.descriptor) (\(socket.name))"
        let isListening = sd_is_socket(socket.descriptor, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1)
        guard isListening >= 0 else { throw SystemError(operation, target: target, code: -isListening) }
        guard isListening > 0 else {
            throw SystemError(
                operation, target: target, code: EINVAL,
                advice: "it is not a listening stream socket; use ListenStream= and Accept=no in the socket unit")
        }
    }

    /// An environment without what systemd meant for this process alone, for its children.
    ///
    /// - Parameter environment: `NAME=value` each.
    public nonisolated static func withoutSystemdVariables(_ environment: [String]) -> [String] {
        environment.filter { entry in
            !["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"]
                .contains(String(entry.prefix { $0 != "=" }))
        }
    }
}
