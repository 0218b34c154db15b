import FoundationEssentials
import Glibc
import MartletLoop
import MartletProcessPool

nonisolated struct Sum: ProcessWork {
    var numbers: [Double]
    func run() -> Double { numbers.reduce(0, +) }
}

/// Gives bytes back as they came.
nonisolated struct Echo: ProcessWork {
    var bytes: Data
    func run() -> Data { bytes }
}

/// Looks around where it runs.
nonisolated struct LookAround: ProcessWork {
    struct Output: Codable, Sendable {
        var pid: Int32
        var session: Int32
        var name: String
        var score: String
        var standardInput: String
        var environment: String?
        var blocksSignals: Bool
        var threads: Int
    }

    func run() -> Output {
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        return Output(
            pid: getpid(), session: getsid(0), name: contents("/proc/self/comm"),
            score: contents("/proc/self/oom_score_adj"), standardInput: target("/proc/self/fd/0"),
            environment: getenv("MARTLET_POOL_PROCESS").map { String(cString: $0) },
            blocksSignals: sigismember(&mask, SIGTERM) == 1, threads: names(in: "/proc/self/task").count)
    }
}

/// Does what work should not.
nonisolated struct Misbehave: ProcessWork {
    enum Way: Codable, Sendable {
        case trap
        case exit(Int32)
        case kill(Int32)
        case closeEverything
        case leaveRubbish
        case say(String)
        case sleep
        case createAndSleep(String)
        case output(Int)
    }

    var way: Way

    func run() throws -> Data {
        switch way {
        case .trap: fatalError("this work traps")
        case .exit(let code): exit(code)
        case .kill(let number): raise(number)
        case .closeEverything:
            for descriptor in 3..<100 { close(Int32(descriptor)) }
            while true { pause() }
        case .leaveRubbish:
            write(3, "this is no frame", 16)
            while true { pause() }
        case .say(let text):
            write(2, text, text.utf8.count)
            abort()
        case .sleep: while true { pause() }
        case .createAndSleep(let path):
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            while true { pause() }
        case .output(let count): return Data(count: count)
        }
        return Data()
    }
}

nonisolated struct Refuse: ProcessWork {
    struct Plain: Error {}
    struct Detailed: Error, Codable, Equatable {
        var detail: String
        var numbers: [Int]
    }

    var isDetailed: Bool

    func run() throws -> Int {
        if isDetailed { throw Detailed(detail: "of \(getpid() == 0)", numbers: [1, 2]) }
        throw Plain()
    }
}

/// Uses the loop, and a pool of its own, and then crashes.
nonisolated struct Nest: ProcessWork {
    func run() throws -> Int32 {
        try MainActor.assumeIsolated {
            let pool = ProcessPool(processes: 1, name: "nested")
            return try EventLoop.main.run {
                let inner = try await offloadProcess(LookAround(), on: pool).pid
                Task { try await offloadProcess(Misbehave(way: .sleep), on: pool) }
                try await Task.sleep(for: .milliseconds(20))
                return inner
            }
        }
    }
}

/// Uses and closes pools in a process where nobody else opens anything.
nonisolated struct CountLeaks: ProcessWork {
    struct Output: Codable, Sendable {
        var before: [String]
        var after: [String]
        var children: String
    }

    func run() throws -> Output {
        try MainActor.assumeIsolated {
            try EventLoop.main.run {
                _ = try await offloadProcess(Sum(numbers: []), on: ProcessPool(processes: 1, idleTime: .zero))
                try await Task.sleep(for: .milliseconds(50))
                let before = names(in: "/proc/self/fd")
                for way in [Misbehave.Way.trap, .exit(1), .output(100_000), .output(1 << 20), .sleep] {
                    let pool = ProcessPool(processes: 2, messageLimit: 1 << 19)
                    _ = try? await offloadProcess(Misbehave(way: way), on: pool, timeout: .milliseconds(200))
                    let cancelled = Task { try await offloadProcess(Misbehave(way: .sleep), on: pool) }
                    try await Task.sleep(for: .milliseconds(1))
                    cancelled.cancel()
                    _ = await cancelled.result
                    try await pool.close()
                }
                return Output(
                    before: before, after: names(in: "/proc/self/fd"),
                    children: contents("/proc/self/task/\(getpid())/children"))
            }
        }
    }
}

nonisolated struct Generic<Item: Codable & Sendable>: ProcessWork {
    var items: [Item]
    func run() -> [Item] { items.reversed() }
}

/// Nobody can find it by its name.
private nonisolated struct Hidden: ProcessWork {
    func run() -> Int { 0 }
}

func offloadHidden(on pool: ProcessPool) async throws -> Int {
    try await offloadProcess(Hidden(), on: pool)
}

nonisolated func contents(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}

nonisolated func target(_ link: String) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink(link, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

nonisolated func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.first != "." { names.append(name) }
    }
    return names
}
