import CMartlet
import CSystemd
import Glibc
import Logging
import MartletLoop

/// Tells systemd how the service is doing (man 3 sd_notify); without `NOTIFY_SOCKET` in the environment, nobody.
///
/// Messages are sent here and not with `sd_notify`, which waits for room: a manager that does not read (it is
/// re-executing, or stopped) takes ten datagrams or so, then every further call would block the loop for as long as it
/// lasts. What finds no room is kept, in order, and goes out before the next message.
public final class SystemdNotifier {
    /// How often the watchdog wants to hear of us, as `WATCHDOG_USEC` says; `nil` when there is no watchdog or it
    /// watches another process. Call `watchdog` at half of it.
    public let watchdogInterval: Duration?

    private let socket: DatagramSocket?
    private var pending: [String] = []
    private var hasComplained = false
    private let logger = Logger(label: "martlet.systemd")

    /// The notifier of this process's environment.
    public init() {
        socket = Self.openSocket(logger)
        var microseconds: UInt64 = 0
        let isWatched = sd_watchdog_enabled(0, &microseconds) > 0
        watchdogInterval = isWatched ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// Whether there is anybody to tell.
    public var isActive: Bool { socket != nil }

    /// Start or reload is done and the service serves.
    public func ready(status: String) {
        send("READY=1\nSTATUS=\(Self.line(status))")
    }

    /// A reload has begun; `ready` ends it.
    public func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(martlet_monotonic_ns() / 1000)")
    }

    /// The service is about to end.
    public func stopping() {
        send("STOPPING=1")
    }

    /// One line for `systemctl status`; newlines and other control characters become spaces.
    public func status(_ text: String) {
        send("STATUS=\(Self.line(text))")
    }

    /// A sign of life.
    public func watchdog() {
        send("WATCHDOG=1")
    }

    /// Asks for this much more time, from now on, to start, reload or stop.
    public func extendTimeout(by duration: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(max(0, duration.nanosecondsClamped / 1000))")
    }

    /// Closes the socket; nothing may be sent any more.
    public func close() {
        socket?.close()
    }

    private static func openSocket(_ logger: Logger) -> DatagramSocket? {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), !path.isEmpty else { return nil }
        do throws(SystemError) {
            return try DatagramSocket(to: path)
        } catch {
            logger.warning("systemd will not hear of this service: \(error)")
            return nil
        }
    }

    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    private func send(_ message: String) {
        guard let socket else { return }
        pending.append(message)
        while let first = pending.first {
            let error = socket.send(Array(first.utf8))
            if error == EAGAIN || error == ENOBUFS {
                forgetTheLeastImportant()
                return
            }
            if error != 0 { complain(error) }
            pending.removeFirst()
        }
    }

    /// Keeps what waits for room short: an old status or sign of life says nothing any more.
    private func forgetTheLeastImportant() {
        guard pending.count > 16 else { return }
        let index = pending.firstIndex { $0.hasPrefix("STATUS=") || $0.hasPrefix("WATCHDOG=") }
        pending.remove(at: index ?? 0)
    }

    private func complain(_ error: Int32) {
        guard !hasComplained else { return }
        hasComplained = true
        logger.warning("\(SystemError("notify systemd", target: socket?.path, code: error))")
    }
}
