import Glibc
import Testing

@testable import MartletSupervisor

/// A datagram socket in systemd's place.
private struct Manager {
    let path: String
    let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = Array(path.utf8)
        if path.hasPrefix("@") { name[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(2 + name.count + (path.hasPrefix("@") ? 0 : 1))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(result == 0)
    }

    func received() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 { return messages }
            messages.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }

    func close() {
        Glibc.close(descriptor)
        if path.hasPrefix("/") { unlink(path) }
    }
}

@Suite("systemd notifications", .serialized)
struct SystemdNotifierTests {
    private static let variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    private func withEnvironment<Result>(_ environment: [String: String], _ body: () throws -> Result) rethrows
        -> Result
    {
        for (name, value) in environment { setenv(name, value, 1) }
        defer { for name in environment.keys { unsetenv(name) } }
        return try body()
    }

    private func withManager(_ path: String, _ body: (Manager, SystemdNotifier) throws -> Void) throws {
        let manager = try Manager(path: path)
        defer { manager.close() }
        let notifier = withEnvironment(["NOTIFY_SOCKET": path]) { SystemdNotifier() }
        defer { notifier.close() }
        try body(manager, notifier)
    }

    @Test("messages arrive in order", arguments: ["/tmp/martlet-notify-\(getpid())", "@martlet-notify-\(getpid())"])
    func order(path: String) throws {
        try withManager(path) { manager, notifier in
            #expect(notifier.isActive)
            notifier.ready(status: "2/2 workers")
            notifier.status("busy")
            notifier.watchdog()
            notifier.extendTimeout(by: .milliseconds(1500))
            notifier.stopping()
            let expected = [
                "READY=1\nSTATUS=2/2 workers", "STATUS=busy", "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=1500000", "STOPPING=1",
            ]
            #expect(manager.received() == expected)
        }
    }

    @Test("reloading tells the time on the monotonic clock in microseconds")
    func reloading() throws {
        try withManager("@martlet-reloading-\(getpid())") { manager, notifier in
            var before = timespec()
            clock_gettime(CLOCK_MONOTONIC, &before)
            notifier.reloading()
            let lines = try #require(manager.received().first).split(separator: "\n")
            #expect(lines.first == "RELOADING=1")
            let value = try #require(lines.last?.split(separator: "=").last.flatMap { Int($0) })
            let start = before.tv_sec * 1_000_000 + before.tv_nsec / 1000
            #expect(value >= start && value < start + 60_000_000)
        }
    }

    @Test("a status cannot smuggle in another variable")
    func injection() throws {
        try withManager("@martlet-injection-\(getpid())") { manager, notifier in
            notifier.status("broken\nMAINPID=1\r\u{7F}é")
            #expect(manager.received() == ["STATUS=broken MAINPID=1  é"])
        }
    }

    @Test("a manager that does not read never blocks, and hears what matters later, in order")
    func fullQueue() throws {
        try withManager("@martlet-full-\(getpid())") { manager, notifier in
            for number in 0..<2000 { notifier.status("\(number)") }
            notifier.reloading()
            notifier.ready(status: "done")
            var messages: [String] = []
            // Each further message takes along what waited; the queue's length is the system's choice.
            for _ in 0..<20 {
                messages += manager.received()
                notifier.watchdog()
            }
            messages += manager.received()
            let important = messages.map { $0.prefix { $0 != "=" } }.filter { $0 == "RELOADING" || $0 == "READY" }
            #expect(important == ["RELOADING", "READY"])
        }
    }

    @Test(
        "without a socket, and with one that makes no sense, nothing happens",
        arguments: [nil, "", "relative", "@", "/nowhere/at/all"])
    func inactive(path: String?) {
        let notifier = withEnvironment(path.map { ["NOTIFY_SOCKET": $0] } ?? [:]) { SystemdNotifier() }
        notifier.ready(status: "x")
        notifier.watchdog()
        notifier.close()
        #expect(notifier.isActive == (path == "/nowhere/at/all"))
    }

    @Test("the watchdog's interval is this process's")
    func watchdog() {
        let mine = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "\(getpid())"]
        #expect(withEnvironment(mine) { SystemdNotifier() }.watchdogInterval == .seconds(3))
        let other = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]
        #expect(withEnvironment(other) { SystemdNotifier() }.watchdogInterval == nil)
        #expect(SystemdNotifier().watchdogInterval == nil)
    }

    @Test("children do not inherit what was meant for the service")
    func cleanEnvironment() {
        let environment = [
            "PATH=/bin", "NOTIFY_SOCKET=@x", "LISTEN_FDS=1", "LISTEN_PID=2", "LISTEN_FDNAMES=a", "WATCHDOG_USEC=1",
            "WATCHDOG_PID=3", "JOURNAL_STREAM=8:1", "NOTIFY_SOCKET_2=keep", "EMPTY=",
        ]
        let expected = ["PATH=/bin", "JOURNAL_STREAM=8:1", "NOTIFY_SOCKET_2=keep", "EMPTY="]
        #expect(SystemdNotifier.withoutSystemdVariables(environment) == expected)
    }
}
