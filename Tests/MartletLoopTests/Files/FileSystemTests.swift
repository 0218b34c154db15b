import Glibc
import MartletLoop
import Testing

@Suite("File system")
struct FileSystemTests {
    @Test("the temporary directory is removed with all that is in it, however the body ends")
    func temporaryDirectory() async throws {
        var path = ""
        await #expect(throws: Late.self) {
            try await inDirectory { directory in
                path = directory
                #expect(try await FileSystem.status(of: directory).permissions == 0o700)
                try await FileSystem.createDirectory("\(directory)/a/b/c", withIntermediates: true)
                try await File.write("x", to: "\(directory)/a/b/file")
                try await FileSystem.createLink("\(directory)/a/link", to: "/")
                throw Late()
            }
        }
        #expect(try await !FileSystem.exists(path))
    }

    @Test("directories are created one by one or with those on the way")
    func createsDirectories() async throws {
        try await inDirectory { directory in
            let error = await #expect(throws: SystemError.self) {
                try await FileSystem.createDirectory("\(directory)/a/b")
            }
            #expect(error?.code == ENOENT)
            try await FileSystem.createDirectory("\(directory)/a/b/c/", withIntermediates: true)
            try await FileSystem.createDirectory("\(directory)/a/b/c", withIntermediates: true)
            #expect(try await FileSystem.status(of: "\(directory)/a/b/c").kind == .directory)
            try await File.write("", to: "\(directory)/file")
            await #expect(throws: SystemError.self) {
                try await FileSystem.createDirectory("\(directory)/file", withIntermediates: true)
            }
            await #expect(throws: SystemError.self) {
                try await FileSystem.createDirectory("\(directory)/file/x", withIntermediates: true)
            }
        }
    }

    @Test("files are renamed and removed, and errors name the path")
    func renamesAndRemoves() async throws {
        try await inDirectory { directory in
            try await File.write("x", to: "\(directory)/a")
            try await FileSystem.rename("\(directory)/a", to: "\(directory)/b")
            #expect(try await FileSystem.exists("\(directory)/b"))
            try await FileSystem.remove("\(directory)/b")
            let error = await #expect(throws: SystemError.self) { try await FileSystem.remove("\(directory)/b") }
            #expect(error?.description == "cannot remove \(directory)/b: no such file or directory")
            try await FileSystem.removeTree("\(directory)/b")
            let zero = await #expect(throws: SystemError.self) { try await FileSystem.status(of: "/tmp\0/x") }
            #expect(zero?.description.contains("zero byte") == true)
        }
    }

    @Test("a walk finds everything once, directories first, and follows no link")
    func walks() async throws {
        try await inDirectory { directory in
            var wanted: Set<String> = []
            for first in 0..<3 {
                for second in 0..<4 {
                    try await FileSystem.createDirectory("\(directory)/\(first)/\(second)", withIntermediates: true)
                    wanted.formUnion(["\(first)", "\(first)/\(second)"])
                    for number in 0..<40 {
                        try await File.write("", to: "\(directory)/\(first)/\(second)/\(number)", atomically: false)
                        wanted.insert("\(first)/\(second)/\(number)")
                    }
                }
            }
            try await FileSystem.createLink("\(directory)/0/loop", to: "..")
            wanted.insert("0/loop")
            var found: [String] = []
            for try await entry in FileSystem.walk(directory) {
                let path = String(entry.path.dropFirst(directory.count + 1))
                if let slash = path.lastIndex(of: "/") { #expect(found.contains(String(path[..<slash]))) }
                #expect(entry.kind == (path == "0/loop" ? .symbolicLink : path.utf8.count < 4 ? .directory : .regular))
                found.append(path)
            }
            #expect(found.count == wanted.count && Set(found) == wanted)
            for try await _ in FileSystem.walk(directory) { break }
            #expect(!openPaths().contains { $0.hasPrefix(directory) })
        }
    }

    @Test("a walk that is too deep, or cannot read, ends with the path")
    func walkFails() async throws {
        try await inDirectory { directory in
            try await FileSystem.createDirectory("\(directory)/a/b/c", withIntermediates: true)
            let deep = await #expect(throws: SystemError.self) {
                for try await _ in FileSystem.walk(directory, depthLimit: 3) {}
            }
            #expect(deep?.code == ELOOP && deep?.target == "\(directory)/a/b/c")
            let absent = await #expect(throws: SystemError.self) {
                for try await _ in FileSystem.entries(of: "\(directory)/absent") {}
            }
            #expect(absent?.description == "cannot list \(directory)/absent: no such file or directory")
        }
    }

    @Test("a large directory comes in batches")
    func largeDirectory() async throws {
        try await inDirectory { directory in
            try await offload {
                for number in 0..<1000 { close(open("\(directory)/\(number)", O_CREAT | O_WRONLY, 0o600)) }
            }
            #expect(try await names(directory) == (0..<1000).map(String.init).sorted())
        }
    }
}
