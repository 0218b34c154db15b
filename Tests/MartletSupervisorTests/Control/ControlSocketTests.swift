import Glibc
import MartletLoop
import MartletNet
import Testing

@testable import MartletSupervisor

@Suite("The control socket's file")
struct ControlSocketTests {
    /// A directory of a test's own, removed with what is in it.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in ["control.sock", "moved.sock", "file"] { unlink("\(directory)/\(name)") }
            rmdir(directory)
        }
        try body(directory)
    }

    @Test("it has the mode that was asked for, and goes at the end")
    func life() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path, mode: 0o640)
            var facts = stat()
            #expect(lstat(path, &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o640)
            #expect(!socket.replacedStaleFile)
            socket.remove()
            close(socket.descriptor)
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test("one that is served is left alone, and its server named")
    func served() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            let socket = try ControlSocket(path: path, mode: 0o600)
            defer { close(socket.descriptor) }
            let error = #expect(throws: SystemError.self) { try ControlSocket(path: path, mode: 0o600) }
            #expect(error?.code == EADDRINUSE)
            #expect(error?.description.contains("already served by pid \(getpid())") == true)
            #expect(access(path, F_OK) == 0)
            socket.remove()
        }
    }

    @Test("one that nobody serves is taken over; one that has become somebody else's is not removed")
    func stale() throws {
        try withDirectory { directory in
            let path = "\(directory)/control.sock"
            let first = try ControlSocket(path: path, mode: 0o600)
            close(first.descriptor)
            let second = try ControlSocket(path: path, mode: 0o600)
            defer { close(second.descriptor) }
            #expect(second.replacedStaleFile)
            // The inode may have been given out again at once; a file moved into its place has another one for certain.
            let third = try ControlSocket(path: "\(directory)/moved.sock", mode: 0o600)
            defer { close(third.descriptor) }
            rename("\(directory)/moved.sock", path)
            second.remove()
            #expect(access(path, F_OK) == 0)
            unlink(path)
        }
    }

    @Test("a file that is no socket, and a directory that is not there, are named")
    func obstacles() throws {
        try withDirectory { directory in
            let path = "\(directory)/file"
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            let file = #expect(throws: SystemError.self) { try ControlSocket(path: path, mode: 0o600) }
            #expect(file?.description.contains("is no socket") == true)
            #expect(access(path, F_OK) == 0)
            let missing = "\(directory)/none/control.sock"
            let error = #expect(throws: SystemError.self) { try ControlSocket(path: missing, mode: 0o600) }
            #expect(error?.description.contains(missing) == true)
        }
    }
}
