import Glibc
import MartletLoop
import Testing

@testable import MartletSupervisor

@Suite("Watching files")
struct FileWatchTests {
    /// A directory of one test's own, as it is called without symbolic links.
    private func withDirectory(_ body: @MainActor (String) async throws -> Void) async throws {
        try await FileSystem.withTemporaryDirectory { path in
            let real = try #require(realpath(path, nil))
            defer { free(real) }
            try await body(String(cString: real))
        }
    }

    private func write(_ text: String, to path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    }

    /// Whether a change of a file is noticed.
    private func isNoticed(_ files: [String], _ change: () -> Void) async throws {
        let noticed = Event()
        let watch = FileWatch(files) { noticed.set() }
        #expect(watch.isTold)
        defer { watch.cancel() }
        change()
        try await withTimeout(.seconds(60)) { try await noticed.wait() }
    }

    @Test("a file that is written in place has changed")
    func inPlace() async throws {
        try await withDirectory { directory in
            write("1", to: directory + "/a")
            try await isNoticed([directory + "/a"]) { write("22", to: directory + "/a") }
        }
    }

    @Test("a file that another one takes the place of has changed")
    func renamed() async throws {
        try await withDirectory { directory in
            write("1", to: directory + "/a")
            try await isNoticed([directory + "/a"]) {
                write("2", to: directory + "/new")
                rename(directory + "/new", directory + "/a")
            }
        }
    }

    @Test("a link that leads to another file now, as certbot makes it, is a change")
    func lastLink() async throws {
        try await withDirectory { directory in
            mkdir(directory + "/live", 0o700)
            mkdir(directory + "/archive", 0o700)
            write("1", to: directory + "/archive/a1")
            write("2", to: directory + "/archive/a2")
            symlink("../archive/a1", directory + "/live/a")
            try await isNoticed([directory + "/live/a"]) {
                unlink(directory + "/live/a")
                symlink("../archive/a2", directory + "/live/a")
            }
        }
    }

    @Test("a link in the middle of the path, as Kubernetes replaces it, is a change, also the second time")
    func middleLink() async throws {
        try await withDirectory { directory in
            for number in 1...3 {
                mkdir("\(directory)/..\(number)", 0o700)
                write("\(number)", to: "\(directory)/..\(number)/a")
            }
            symlink("..1", directory + "/..data")
            symlink("..data/a", directory + "/a")
            let changes = Queue<Int>.unbounded()
            let watch = FileWatch([directory + "/a"]) { _ = try? changes.tryPut(0) }
            defer { watch.cancel() }
            for number in 2...3 {
                symlink("..\(number)", directory + "/..new")
                rename(directory + "/..new", directory + "/..data")
                _ = try await withTimeout(.seconds(60)) { try await changes.get() }
            }
        }
    }

    @Test("what has changed since the files were read is found, although nothing happens any more")
    func before() async throws {
        try await withDirectory { directory in
            write("1", to: directory + "/a")
            let known = [FileSignature(directory + "/a")]
            write("22", to: directory + "/a")
            let noticed = Event()
            let watch = FileWatch([directory + "/a"], known: known) { noticed.set() }
            defer { watch.cancel() }
            try await withTimeout(.seconds(60)) { try await noticed.wait() }
        }
    }

    @Test("a file that was not there and comes is a change")
    func created() async throws {
        try await withDirectory { directory in
            try await isNoticed([directory + "/a"]) { write("1", to: directory + "/a") }
        }
    }

    @Test("the directories that decide are that of the file and those of the links on the way")
    func directories() async throws {
        try await withDirectory { directory in
            mkdir(directory + "/x", 0o700)
            mkdir(directory + "/x/y", 0o700)
            write("1", to: directory + "/x/y/a")
            symlink("x/y", directory + "/link")
            symlink("loop", directory + "/loop")
            #expect(PathDirectories.deciding(directory + "/link/a") == [directory, directory + "/x/y"])
            #expect(PathDirectories.deciding(directory + "/x/./../x/y/a") == [directory + "/x/y"])
            #expect(PathDirectories.deciding(directory + "/x/none/a") == [directory + "/x"])
            #expect(PathDirectories.deciding(directory + "/loop").count == 41)
            #expect(PathDirectories.deciding("/") == [])
        }
    }
}
