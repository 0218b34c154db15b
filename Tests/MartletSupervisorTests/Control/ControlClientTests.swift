import Glibc
import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("The control client")
nonisolated struct ControlClientTests {
    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    @Test(
        "verbs become lines of the text protocol and HTTP requests",
        arguments: [
            ("show info", "show info", "GET /v1/info "), ("show workers", "show workers", "GET /v1/workers "),
            ("show stat", "show stat", "GET /v1/stats "), ("show errors", "show errors", "GET /v1/errors "),
            ("reload", "reload wait", "POST /v1/reload?wait=end "),
            ("scale 4", "scale 4 wait", "POST /v1/scale?wait=end {\"workers\":4}"),
            ("scale 0", "scale 0 wait", "POST /v1/scale?wait=end {\"workers\":0}"),
            ("drain", "drain wait", "POST /v1/drain?wait=end "), ("stop", "stop wait", "POST /v1/stop?wait=end "),
            ("set log-level debug", "set log-level debug", "POST /v1/log-level {\"level\":\"debug\"}"),
        ])
    func verbs(typed: String, waiting: String, request: String) throws {
        let verb = try ControlVerb(words: words(typed))
        #expect(verb.line(waits: false) == typed)
        #expect(verb.line(waits: true) == waiting)
        let http = verb.http(waits: true)
        #expect("\(http.method) \(http.target) \(http.body)" == request)
    }

    @Test("in HTTP a reload is asked for its verdict too")
    func verdict() {
        #expect(ControlVerb.reload.http(waits: false).target == "/v1/reload?wait=1")
        #expect(ControlVerb.scale(2).http(waits: false).target == "/v1/scale?wait=1")
        #expect(ControlVerb.stop.http(waits: false).target == "/v1/stop")
    }

    @Test(
        "words that are no verb are refused, with what was perhaps meant",
        arguments: [
            ("", "what is to be done?"), ("relaod", "did you mean \"reload\"?"), ("frobnicate", "try `help`"),
            ("show", "show what?"),
            ("show wrokers", "did you mean \"workers\"?"), ("show everything", "info, workers, stat, metrics, errors"),
            ("scale", "scale N"),
            ("scale many", "\"many\" is no number"), ("scale 1 2", "scale N"),
            ("scale 99999999999999999999", "is no number"),
            ("reload now", "found \"now\""), ("set log-level", "set log-level LEVEL"),
            ("set log-level a\"b", "set log-level LEVEL"),
        ])
    func usage(typed: String, message: String) throws {
        let error = try #require(throws: ControlClientError.self) { _ = try ControlVerb(words: words(typed)) }
        #expect(error.code == .usage)
        #expect(error.description.contains(message), "\(error)")
    }

    @Test(
        "replies of the text protocol",
        arguments: [
            ("all is well\n\n", "all is well", false), ("a\nb\n\n", "a\nb", false), ("\n", "", false),
            ("error: m.toml:1: wrong\n       m.toml:2: wrong too\n\n", "m.toml:1: wrong\nm.toml:2: wrong too", true),
        ])
    func textReply(bytes: String, text: String, isError: Bool) throws {
        #expect(ControlReply.endOfText(Array(bytes.utf8)))
        let reply = try ControlReply(text: Array(bytes.utf8), isEndOptional: false)
        #expect(reply.text == text)
        #expect(reply.isError == isError)
    }

    @Test("a reply that breaks off is none, unless the daemon was told to go")
    func brokenReply() throws {
        for bytes in ["", "half", "half\n"] {
            #expect(!ControlReply.endOfText(Array(bytes.utf8)))
            #expect(throws: ControlClientError.self) {
                _ = try ControlReply(text: Array(bytes.utf8), isEndOptional: false)
            }
            #expect(try !ControlReply(text: Array(bytes.utf8), isEndOptional: true).isError)
        }
    }

    @Test(
        "replies in HTTP",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}", false),
            ("HTTP/1.1 202 Accepted\r\n\r\n{}\n", "{}", false),
            ("HTTP/1.1 409 Conflict\r\ncontent-length:13\r\n\r\n{\"error\":\"x\"}", "{\"error\":\"x\"}", true),
        ])
    func httpReply(bytes: String, text: String, isError: Bool) throws {
        let reply = try ControlReply(http: Array(bytes.utf8))
        #expect(reply.text == text)
        #expect(reply.isError == isError)
    }

    @Test(
        "what is no whole HTTP response is refused",
        arguments: [
            "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
            "SSH-2.0-x\r\n\r\n", "HTTP/1.1\r\n\r\n",
        ])
    func noHTTPReply(bytes: String) {
        #expect(throws: ControlClientError.self) { _ = try ControlReply(http: Array(bytes.utf8)) }
    }

    @Test("a socket that is not there, that nobody serves or whose path is too long is not reachable")
    func unreachable() throws {
        let tooLong = "/" + String(repeating: "x", count: 107)
        for (path, message) in [
            ("/nonexistent/control.sock", "/nonexistent/control.sock: no such file"),
            ("/tmp", "/tmp: connection refused"),
            ("", "no such file"), (tooLong, "file name too long"),
        ] {
            let error = try #require(throws: ControlClientError.self) { _ = try ControlClient(path: path).ask(.reload) }
            #expect(error.code == .unreachable)
            #expect(error.description.contains(message), "\(error)")
        }
    }

    @Test("a daemon that does not answer is given up in time")
    func timeout() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        let path = "\(directory)/s"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer {
            close(listener)
            unlink(path)
            rmdir(directory)
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        #expect(bound == 0 && listen(listener, 4) == 0)
        let client = ControlClient(path: path, timeout: .milliseconds(50))
        let began = EventLoop.Instant.readClock()
        let error = try #require(throws: ControlClientError.self) { _ = try client.ask(.show(.info)) }
        #expect(error.code == .failed)
        #expect(error.description.contains("did not answer in time"))
        #expect(EventLoop.Instant.readClock() - began < .seconds(5))
    }

    @Test("the daemon and its client look for the socket in the same place")
    func socketPath() {
        func path(_ environment: [String: String], user: uid_t) -> String {
            ControlSocketPath.default(environment: environment, user: user)
        }
        #expect(
            path(["RUNTIME_DIRECTORY": "/run/a:/run/b", "XDG_RUNTIME_DIR": "/x"], user: 7) == "/run/a/control.sock")
        #expect(path(["XDG_RUNTIME_DIR": "/run/user/0"], user: 0) == "/run/martlet/control.sock")
        #expect(path(["XDG_RUNTIME_DIR": "/run/user/7"], user: 7) == "/run/user/7/martlet/control.sock")
        #expect(path(["XDG_RUNTIME_DIR": "relative"], user: 7) == "/tmp/martlet-7/control.sock")
        #expect(ControlSocketPath.forClient(environment: ["MARTLET_CONTROL": "/m"]) == "/m")
        #expect(
            ControlSocketPath.forClient(environment: ["RUNTIME_DIRECTORY": "/nonexistent", "MARTLET_CONTROL": ""])
                .hasSuffix("/control.sock"))
    }

    @Test("the directory of the default socket is made, others are not")
    func directory() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let parent = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            rmdir("\(parent)/martlet")
            rmdir(parent)
        }
        let environment = ["RUNTIME_DIRECTORY": "\(parent)/martlet"]
        let path = "\(parent)/martlet/control.sock"
        try ControlSocketPath.makeDirectory(for: "\(parent)/other/control.sock", environment: environment)
        #expect(access("\(parent)/other", F_OK) != 0)
        for _ in 0..<2 { try ControlSocketPath.makeDirectory(for: path, environment: environment) }
        var facts = stat()
        #expect(stat("\(parent)/martlet", &facts) == 0 && facts.st_mode & 0o777 == 0o700)
        // Anybody may write there now: somebody else's socket could stand there.
        #expect(chmod("\(parent)/martlet", 0o777) == 0)
        #expect(throws: SystemError.self) {
            try ControlSocketPath.makeDirectory(for: path, environment: environment)
        }
    }
}
