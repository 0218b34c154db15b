import Glibc
import MartletLoop
import Testing

@Suite("Files")
struct FileTests {
    @Test("what is written is read back, at the position and at offsets")
    func readsAndWrites() async throws {
        try await inDirectory { directory in
            try await withFile("\(directory)/a", for: .creating) { file in
                try await file.write("hello ")
                try await file.write(Array("world".utf8))
                #expect(try await file.position() == 11)
                try await file.seek(to: 6)
                #expect(try await file.read(upTo: 3) == Array("wor".utf8))
                #expect(try await file.read() == Array("ld".utf8))
                #expect(try await file.read() == [])
                #expect(try await file.read(at: 1, upTo: 4) == Array("ello".utf8))
                #expect(try await file.read(at: 100) == [])
                try await file.write(Array("J".utf8), at: 0)
                try await file.truncate(to: 5)
                #expect(try await file.seekToEnd() == 5)
                try await file.seek(to: 0)
                #expect(try await file.readToEnd() == Array("Jello".utf8))
                try await file.sync()
                try await file.sync(includingStatus: false)
                let status = try await file.status()
                #expect(status.size == 5 && status.kind == .regular && status.links == 1)
            }
        }
    }

    @Test(
        "modes create, empty, append or refuse",
        arguments: [
            (.reading, "old", nil, ENOENT), (.writing, "new", "new", nil), (.appending, "oldnew", "new", nil),
            (.updating, "new", nil, ENOENT), (.rewriting, "new", "new", nil), (.creating, nil, "new", nil),
        ] as [(File.Mode, String?, String?, Int32?)])
    func modes(mode: File.Mode, there: String?, absent: String?, code: Int32?) async throws {
        try await inDirectory { directory in
            for (name, expected) in [("there", there), ("absent", absent)] {
                let path = "\(directory)/\(name)"
                if name == "there" { try await File.write("old", to: path) }
                do {
                    try await withFile(path, for: mode) { file in
                        if mode != .reading { try await file.write("new") }
                    }
                    #expect(try await File.readText(path) == expected)
                } catch let error as SystemError {
                    #expect(expected == nil)
                    #expect(error.code == (name == "there" ? EEXIST : code))
                    #expect(error.description.contains(path))
                }
            }
        }
    }

    @Test("a closed file refuses and says so; closing twice does nothing")
    func refusesAfterClose() async throws {
        let file = try await File.open("/dev/null")
        try await file.close()
        try await file.close()
        let error = await #expect(throws: SystemError.self) { try await file.read() }
        #expect(
            error?.description == "cannot use /dev/null: bad file descriptor; it was closed; open it again")
        await #expect(throws: SystemError.self) { try await file.write("x") }
    }

    @Test("closing waits for what is under way, even when its task is cancelled")
    func closeWaits() async throws {
        try await inDirectory { directory in
            mkfifo("\(directory)/pipe", 0o600)
            let file = try await File.open("\(directory)/pipe", for: .updating)
            let reading = Task { try await file.read(upTo: 10) }
            try await eventually { ThreadPool.shared.busy > 0 }
            var isClosed = false
            let closing = Task {
                try await file.close()
                isClosed = true
            }
            closing.cancel()
            for _ in 0..<10 { await Task.yield() }
            #expect(!isClosed)
            let writer = open("\(directory)/pipe", O_WRONLY)
            write(writer, "late", 4)
            close(writer)
            #expect(try await reading.value == Array("late".utf8))
            try await closing.value
            #expect(isClosed)
        }
    }

    @Test("a file that is never closed is closed and counted")
    func reportsForgotten() async throws {
        try await inDirectory { directory in
            let before = File.forgotten
            let path = "\(directory)/forgotten"
            _ = try await File.open(path, for: .writing)
            #expect(File.forgotten == before + 1)
            #expect(!openPaths().contains(path))
        }
    }

    @Test("withFile closes when its body throws, and the body's error is the one that is told")
    func closesAfterErrors() async throws {
        try await inDirectory { directory in
            let path = "\(directory)/a"
            await #expect(throws: Late.self) {
                try await withFile(path, for: .writing) { _ in throw Late() }
            }
            #expect(!openPaths().contains(path))
        }
    }

    @Test("a cancelled operation throws, and the descriptor is not lost")
    func cancels() async throws {
        try await inDirectory { directory in
            let path = "\(directory)/a"
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await File.open(path, for: .writing)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await !FileSystem.exists(path))
            let file = try await File.open(path, for: .rewriting)
            let reading = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await file.read()
            }
            await #expect(throws: CancellationError.self) { try await reading.value }
            try await file.close()
        }
    }

    @Test("a whole file is written so that nobody sees half of it, with the permissions of the one before")
    func writesAtomically() async throws {
        try await inDirectory { directory in
            let path = "\(directory)/a"
            try await File.write("one", to: path, atomically: false)
            chmod(path, 0o640)
            let before = try await FileSystem.status(of: path)
            try await FileSystem.createLink("\(directory)/link", to: "a")
            try await File.write("two", to: "\(directory)/link", syncing: true)
            let after = try await FileSystem.status(of: path)
            #expect(after.inode != before.inode && after.permissions == 0o640)
            #expect(try await File.readText("\(directory)/link") == "two")
            #expect(try await FileSystem.target(ofLink: "\(directory)/link") == "a")
            #expect(try await names(directory) == ["a", "link"])

            try await FileSystem.createDirectory("\(directory)/d")
            await #expect(throws: SystemError.self) { try await File.write("x", to: "\(directory)/d") }
            #expect(try await names(directory) == ["a", "d", "link"], "nothing temporary is left")
        }
    }

    @Test(
        "a whole file is read up to the limit",
        arguments: [(0, 0, true), (1, 0, false), (5, 5, true), (6, 5, false), (300_000, 300_000, true)])
    func limitsReading(size: Int, limit: Int, isRead: Bool) async throws {
        try await inDirectory { directory in
            let path = "\(directory)/a"
            let bytes = [UInt8](repeating: 7, count: size)
            try await File.write(bytes, to: path)
            if isRead {
                #expect(try await File.read(path, limit: limit) == bytes)
            } else {
                let error = await #expect(throws: SystemError.self) { try await File.read(path, limit: limit) }
                #expect(error?.code == EFBIG && error?.description.contains("\(limit) bytes") == true)
            }
        }
    }

    @Test("files of the kernel that do not know their size are read whole, and text must be UTF-8")
    func readsOddFiles() async throws {
        #expect(try await File.readText("/proc/self/status").contains("Threads:"))
        try await withFile("/proc/self/status") { file in
            #expect(try await !file.read(upTo: 100).isEmpty)
            var text = ""
            for try await line in file.lines() where line.hasPrefix("Pid:") { text = line }
            #expect(text.hasSuffix("\(getpid())"))
        }
        try await inDirectory { directory in
            try await File.write([0xff, 0xfe], to: "\(directory)/a")
            let error = await #expect(throws: SystemError.self) { try await File.readText("\(directory)/a") }
            #expect(error?.code == EILSEQ)
        }
    }

    @Test(
        "chunks make up the file, whatever their size",
        arguments: [(0, 10), (1, 10), (10, 10), (1000, 7), (400_000, 65_536), (400_000, 300_000)])
    func chunks(size: Int, chunk: Int) async throws {
        try await inDirectory { directory in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try await File.write(bytes, to: "\(directory)/a")
            try await withFile("\(directory)/a") { file in
                var all: [UInt8] = []
                for try await part in file.chunks(of: chunk) {
                    #expect(part.count <= chunk && !part.isEmpty)
                    all += part
                }
                #expect(all == bytes)
                #expect(try await file.position() == 0)
                for try await _ in file.chunks(of: chunk) { break }
            }
        }
    }

    @Test(
        "lines end with \\n or \\r\\n or the file",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb", ["a", "b"]), ("\n\n", ["", ""]), ("a\rb\n", ["a\rb"]),
            ("é\n\u{FFFD}x\n", ["é", "\u{FFFD}x"]),
        ] as [(String, [String])])
    func lines(text: String, expected: [String]) async throws {
        try await inDirectory { directory in
            for padding in [0, 65_534, 65_535, 65_536] {
                let long = String(repeating: "x", count: padding)
                try await File.write(long + text, to: "\(directory)/a")
                try await withFile("\(directory)/a") { file in
                    var lines: [String] = []
                    for try await line in file.lines() { lines.append(line) }
                    var wanted = expected
                    if padding > 0 { wanted = [long + (expected.first ?? "")] + expected.dropFirst() }
                    #expect(lines == wanted)
                }
            }
        }
    }

    @Test("a line that is longer than the limit ends it and says which")
    func limitsLines() async throws {
        try await inDirectory { directory in
            try await File.write("12345\r\n123456\n1234567\n", to: "\(directory)/a")
            try await withFile("\(directory)/a") { file in
                var lines: [String] = []
                let error = await #expect(throws: SystemError.self) {
                    for try await line in file.lines(limit: 5) { lines.append(line) }
                }
                #expect(lines == ["12345", "123456"], "one more may have been a carriage return")
                #expect(error?.code == EMSGSIZE && error?.description.contains("line 3 has") == true)
            }
        }
    }

    @Test("many files at once")
    func manyAtOnce() async throws {
        try await inDirectory { directory in
            let tasks = (0..<300).map { number in
                Task {
                    try await File.write("\(number)", to: "\(directory)/\(number)")
                    return try await File.readText("\(directory)/\(number)")
                }
            }
            for (number, task) in tasks.enumerated() { #expect(try await task.value == "\(number)") }
            let found = try await names(directory)
            #expect(found.count == 300)
        }
    }

    @Test("a temporary file has no name")
    func temporary() async throws {
        let file = try await FileSystem.openTemporary()
        try await file.write("x")
        #expect(try await file.status().links == 0)
        #expect(try await file.read(at: 0) == Array("x".utf8))
        try await file.close()
    }
}

/// A directory for one test.
func inDirectory(_ body: @MainActor (String) async throws -> Void) async throws {
    try await FileSystem.withTemporaryDirectory(prefix: "martlet-tests-", body)
}

/// The names in a directory, sorted.
func names(_ directory: String) async throws -> [String] {
    var names: [String] = []
    for try await entry in FileSystem.entries(of: directory) { names.append(entry.name) }
    return names.sorted()
}

/// What the open descriptors of this process point to.
func openPaths() -> [String] {
    (0..<4096).compactMap { descriptor in
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/fd/\(descriptor)", &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
