// What cannot be tried inside a test process, because it ends the process or is the loop's own entry: one case for each
// argument, driven by LoopProgramTests. It has no `async` main, and links nothing above MartletNet.
import Glibc
import MartletLoop
import MartletNet

private enum Failure: Error { case expected }

private func threads() -> String {
    guard let file = fopen("/proc/self/status", "r") else { return "no /proc/self/status" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text.hasPrefix("Threads:") { return String(text.dropLast()).replacing("\t", with: " ") }
    }
    return "no line about threads"
}

private extension String {
    func replacing(_ character: Character, with other: Character) -> String {
        String(map { $0 == character ? other : $0 })
    }
}

private func run(_ name: String) throws {
    let loop = EventLoop.main
    switch name {
    case "value":
        let value = try loop.run {
            try await Task.sleep(for: .milliseconds(1))
            return 42
        }
        print(value, try loop.run { value + 1 })
    case "throws":
        do {
            try loop.run { throw Failure.expected }
        } catch Failure.expected {
            print("caught")
        }
    case "deadlock":
        let promise = Promise<Int>()
        do {
            print(try loop.run { try await promise.future.value })
        } catch let error as DeadlockError {
            print(error)
        }
        print(try loop.run { 1 })
    case "nested":
        try loop.run { try loop.run {} }
    case "resolved-twice":
        try loop.run {
            let promise = Promise<Int>()
            promise.succeed(1)
            promise.succeed(2)
        }
    case "interrupted":
        do {
            try loop.run(cancelledBy: [SIGINT]) {
                loop.callSoon { raise(SIGINT) }
                try await Task.sleep(for: .seconds(60))
            }
        } catch is CancellationError {
            print("cancelled")
        }
    case "forever":
        loop.callLater(.milliseconds(1)) { loop.stop() }
        loop.runForever()
        print("stopped")
    case "negative-delay":
        try loop.run {
            try await Task.sleep(for: .seconds(-1))
            await withUnsafeContinuation { done in loop.callLater(.seconds(-100)) { done.resume() } }
            try await Task.sleep(until: .readClock() + .seconds(-5), clock: .eventLoop)
        }
        print("not late")
    case "threads":
        try loop.run {
            let tasks = (0..<100).map { number in
                Task {
                    try await Task.sleep(for: .milliseconds(number % 10))
                    return number
                }
            }
            var sum = 0
            for task in tasks { sum += try await task.value }
            print(sum, threads())
        }
    default:
        print("no case \(name)")
        exit(2)
    }
}

do {
    try run(CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "")
} catch {
    print("error: \(error)")
    exit(1)
}
