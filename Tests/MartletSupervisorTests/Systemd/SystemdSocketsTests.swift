import Glibc
import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Sockets passed by systemd", .serialized)
struct SystemdSocketsTests {
    private func unixSocket(type: Int32, listening: Bool) throws -> Int32 {
        let descriptor = socket(AF_UNIX, type, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // An address of the family alone makes the kernel pick a free abstract name (man 7 unix, autobind).
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, 2) }
        }
        try #require(result == 0)
        if listening { try #require(listen(descriptor, 1) == 0) }
        return descriptor
    }

    /// Puts a descriptor at 3, the first that systemd passes, for as long as the body runs.
    private func passing(_ descriptor: Int32, name: String?, _ body: () throws -> Void) throws {
        let saved = fcntl(3, F_DUPFD_CLOEXEC, 10)
        try #require(dup2(descriptor, 3) == 3)
        defer {
            if saved >= 0 {
                dup2(saved, 3)
                _ = fcntl(3, F_SETFD, FD_CLOEXEC)
                close(saved)
            } else {
                close(3)
            }
        }
        setenv("LISTEN_PID", "\(getpid())", 1)
        setenv("LISTEN_FDS", "1", 1)
        if let name { setenv("LISTEN_FDNAMES", name, 1) }
        defer { for variable in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(variable) } }
        try body()
    }

    @Test("a listening socket is taken with its name and becomes close-on-exec", arguments: ["http", nil])
    func listening(name: String?) throws {
        let descriptor = try unixSocket(type: Int32(SOCK_STREAM.rawValue), listening: true)
        defer { close(descriptor) }
        try passing(descriptor, name: name) {
            let sockets = try SystemdNotifier.listenDescriptors()
            #expect(sockets == [SystemdSocket(descriptor: 3, name: name ?? "unknown")])
            #expect(fcntl(3, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    @Test(
        "what cannot be accepted from is refused by name",
        arguments: [(Int32(SOCK_STREAM.rawValue), false), (Int32(SOCK_DGRAM.rawValue), false)])
    func refused(type: Int32, listening: Bool) throws {
        let descriptor = try unixSocket(type: type, listening: listening)
        defer { close(descriptor) }
        try passing(descriptor, name: "http") {
            let error = #expect(throws: SystemError.self) { try SystemdNotifier.listenDescriptors() }
            #expect(error?.description.contains("descriptor 3 (http)") == true)
            #expect(error?.description.contains("ListenStream=") == true)
        }
    }

    @Test("sockets meant for another process, and no sockets, are none")
    func none() throws {
        #expect(try SystemdNotifier.listenDescriptors().isEmpty)
        setenv("LISTEN_PID", "1", 1)
        setenv("LISTEN_FDS", "1", 1)
        defer { for variable in ["LISTEN_PID", "LISTEN_FDS"] { unsetenv(variable) } }
        #expect(try SystemdNotifier.listenDescriptors().isEmpty)
    }

    @Test("a count that is no number is an error that names the variable")
    func malformed() {
        setenv("LISTEN_PID", "\(getpid())", 1)
        setenv("LISTEN_FDS", "many", 1)
        defer { for variable in ["LISTEN_PID", "LISTEN_FDS"] { unsetenv(variable) } }
        let error = #expect(throws: SystemError.self) { try SystemdNotifier.listenDescriptors() }
        #expect(error?.description.contains("LISTEN_FDS") == true)
    }
}
