import Glibc
import Logging
import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Log outlets", .serialized)
struct LogOutletTests {
    private let identity = LogIdentity(name: "martletd", slot: 1, generation: 2)

    private func entry(_ message: String, _ metadata: [(key: String, value: String)] = []) -> LogEntry {
        LogEntry(
            time: timespec(tv_sec: 0, tv_nsec: 0), level: .error, label: "test", message: message, metadata: metadata,
            file: "F.swift", function: "f()", line: 3)
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/martlet-log-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            for name in ["a.log", "a.log.1", "socket"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        try body(path)
    }

    @Test("entries are appended to a file with mode 0640, and after a rename to a new one")
    func fileAndReopen() throws {
        try withDirectory { directory in
            let path = "\(directory)/a.log"
            let before = umask(0)
            defer { umask(before) }
            let outlet = try StreamOutlet(file: path, identity: identity)
            defer { outlet.close() }
            #expect(outlet.write(entry("one")))
            rename(path, "\(path).1")
            #expect(outlet.write(entry("two")))
            try outlet.reopen()
            #expect(outlet.write(entry("three")))
            let old = try #require(HostFiles.system["\(path).1"])
            #expect(old.split(separator: "\n").count == 2 && old.contains("test: one") && old.contains("test: two"))
            let new = try #require(HostFiles.system[path])
            #expect(new.split(separator: "\n").count == 1 && new.contains("test: three worker=1 generation=2"))
            var facts = stat()
            #expect(stat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o640)
        }
    }

    @Test("a file that cannot be opened is an error that names it; reopening then keeps the old one")
    func unopenable() throws {
        let error = #expect(throws: SystemError.self) {
            try StreamOutlet(file: "/nowhere/a.log", identity: identity)
        }
        #expect(error?.description.contains("/nowhere/a.log") == true)
        try withDirectory { directory in
            let path = "\(directory)/a.log"
            let outlet = try StreamOutlet(file: path, identity: identity)
            defer { outlet.close() }
            rename(path, "\(path).1")
            mkdir(path, 0o700)
            defer { rmdir(path) }
            #expect(throws: SystemError.self) { try outlet.reopen() }
            #expect(outlet.write(entry("still")))
            #expect(HostFiles.system["\(path).1"]?.contains("still") == true)
        }
    }

    @Test("a full disk drops entries")
    func fullDisk() throws {
        let outlet = try StreamOutlet(file: "/dev/full", identity: identity)
        defer { outlet.close() }
        #expect(!outlet.write(entry("lost")))
    }

    @Test("a pipe that nobody reads drops entries and never blocks; when it is read again, lines are whole")
    func fullPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let outlet = StreamOutlet(standardError: ends[1], identity: identity)
        defer { outlet.close() }
        let text = String(repeating: "x", count: 5000)
        var dropped = 0
        for _ in 0..<100 where !outlet.write(entry(text)) { dropped += 1 }
        #expect(dropped > 50)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        #expect(read(ends[0], &buffer, buffer.count) > 0)
        #expect(outlet.write(entry("again")))
        let count = read(ends[0], &buffer, buffer.count)
        try #require(count > 0)
        let last = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").last
        #expect(last?.hasPrefix("1970-") == true && last?.contains("test: again") == true)
        // The pipe itself was not made non-blocking: others share it.
        #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
        close(ends[1])
    }

    @Test("a pipe without a reader drops entries and does not end the process")
    func closedPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let outlet = StreamOutlet(standardError: ends[1], identity: identity)
        #expect(!outlet.write(entry("lost")))
        outlet.close()
        close(ends[1])
    }

    @Test("a stream socket that nobody reads drops entries and never blocks")
    func fullSocket() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let outlet = StreamOutlet(standardError: ends[1], identity: identity)
        var written = 0
        while written < 100_000, outlet.write(entry("x")) { written += 1 }
        #expect(written > 0 && written < 100_000)
        #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
    }

    @Test("the journal gets every field, and a value of several lines cannot add one")
    func journal() throws {
        let metadata = [("peer", "127.0.0.1"), ("text", "a\nPRIORITY=0")].map { (key: $0.0, value: $0.1) }
        let bytes = JournalOutlet.datagram(entry("broken", metadata), identity)
        let expected = """
            MESSAGE=broken
            PRIORITY=3
            SYSLOG_IDENTIFIER=martletd
            MARTLET_LABEL=test
            MARTLET_WORKER=1
            MARTLET_GENERATION=2
            CODE_FILE=F.swift
            CODE_LINE=3
            CODE_FUNC=f()
            MARTLET_PEER=127.0.0.1
            MARTLET_TEXT
            \u{C}\0\0\0\0\0\0\0a
            PRIORITY=0

            """
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test(
        "metadata keys become field names",
        arguments: [("peer", "MARTLET_PEER"), ("a-b.c d", "MARTLET_A_B_C_D"), ("9é", "MARTLET_9__"), ("", "MARTLET_")])
    func fieldNames(key: String, name: String) {
        #expect(JournalOutlet.name(of: key) == name)
        #expect(JournalOutlet.name(of: String(repeating: "k", count: 99)).utf8.count == 64)
    }

    @Test("the journal's socket gets one datagram an entry; a journal that does not read drops and never blocks")
    func journalSocket() throws {
        try withDirectory { directory in
            let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(receiver) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(directory)/socket".utf8) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(receiver, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0)
            let outlet = try JournalOutlet(path: "\(directory)/socket", identity: identity)
            defer { outlet.close() }
            #expect(outlet.write(entry(String(repeating: "y", count: 100_000))))
            var buffer = [UInt8](repeating: 0, count: 1 << 17)
            #expect(recv(receiver, &buffer, buffer.count, 0) > 16_000)
            var written = 0
            while written < 10_000, outlet.write(entry("x")) { written += 1 }
            #expect(written > 0 && written < 10_000)
        }
        #expect(try !JournalOutlet(path: "/nowhere/socket", identity: identity).write(entry("lost")))
    }

    @Test("the journal is recognised by device and inode")
    func journalStream() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var facts = stat()
        try #require(fstat(ends[1], &facts) == 0)
        defer { unsetenv("JOURNAL_STREAM") }
        #expect(!LogTarget.isJournalStream(ends[1]))
        setenv("JOURNAL_STREAM", "\(facts.st_dev):\(facts.st_ino)", 1)
        #expect(LogTarget.isJournalStream(ends[1]))
        setenv("JOURNAL_STREAM", "\(facts.st_dev):\(facts.st_ino)1", 1)
        #expect(!LogTarget.isJournalStream(ends[1]))
    }
}

@Suite("Log setup", .serialized)
struct LogSetupTests {
    @Test("targets are read and written", arguments: ["auto", "stderr", "journal", "/var/log/martlet.log"])
    func targets(text: String) {
        #expect(LogTarget(text)?.text == text)
    }

    @Test("other targets are refused", arguments: ["", "syslog", "relative.log", "Auto"])
    func unknownTargets(text: String) {
        #expect(LogTarget(text) == nil)
    }

    @Test("the level can be changed while loggers live, and a logger's own level stays")
    func levels() {
        let before = LogSetup.level
        defer { LogSetup.level = before }
        let handler = MartletLogHandler(label: "test")
        var own = handler
        own.logLevel = .trace
        for level in Logger.Level.allCases {
            LogSetup.level = level
            #expect(LogSetup.level == level)
            #expect(handler.logLevel == level)
            #expect(own.logLevel == .trace)
        }
    }

    @Test("an entry's metadata goes before its logger's; an error becomes metadata")
    func metadata() {
        var handler = MartletLogHandler(label: "test", metadataProvider: .init { ["b": "provider", "c": "provider"] })
        handler.metadata = ["a": "logger", "b": "logger", "c": "logger"]
        let event = LogEvent(
            level: .error, message: "m", error: SystemError("listen", code: EACCES), metadata: ["c": "entry"],
            source: nil, file: "f", function: "f", line: 1)
        let entry = handler.entry(of: event)
        #expect(entry.metadata.map(\.key) == ["a", "b", "c", "error"])
        #expect(entry.metadata.map(\.value) == ["logger", "provider", "entry", "cannot listen: permission denied"])
    }
}

@Suite("Error log")
struct ErrorLogTests {
    @Test("the last 128 events stay, and the others are counted")
    func ring() {
        var log = ErrorLog()
        for number in 1...200 {
            log.record(.error, from: .worker(slot: 1, pid: 42), "event \(number)", at: Int64(number))
        }
        #expect(log.entries.count == 128)
        #expect(log.dropped == 72)
        #expect(log.recorded == 200)
        #expect(log.entries.map(\.sequence) == Array(73...200))
        #expect(log.entries.last?.message == "event 200" && log.entries.last?.unixTime == 200)
    }

    @Test("messages are cut at 512 bytes between two characters")
    func longMessages() {
        var log = ErrorLog()
        log.record(.warning, from: .supervisor, "x" + String(repeating: "ü", count: 400))
        #expect(log.entries[0].message == "x" + String(repeating: "ü", count: 255))
    }
}
