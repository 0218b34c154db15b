import Glibc
import MartletLoop
import Testing

@Suite("Readiness of descriptors")
struct DescriptorWaitingTests {
    @Test("a task waits until there is something to read")
    func waitsToRead() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        let waiting = Task.immediate { try await readable(near) }
        write(far, "x", 1)
        try await waiting.value
        try await readable(near)
        var byte: UInt8 = 0
        #expect(read(near, &byte, 1) == 1)
    }

    @Test("a task waits until there is room to write")
    func waitsToWrite() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        try await writable(near)
        fill(near)
        var isRoom = false
        let waiting = Task.immediate {
            try await writable(near)
            isRoom = true
        }
        await turn()
        #expect(!isRoom)
        drain(far)
        try await waiting.value
    }

    @Test("a reader, a writer, a second reader and a watch share one descriptor")
    func shares() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        fill(near)
        var events: [String] = []
        let reader = Task.immediate {
            try await readable(near)
            events.append("read")
        }
        let writer = Task.immediate {
            try await writable(near)
            events.append("write")
        }
        let second = Task.immediate { try await readable(near) }
        var calls = 0
        let watch = try EventLoop.main.watch(near, for: .readable) { _ in calls += 1 }
        await turn()
        #expect(events.isEmpty)
        write(far, "x", 1)
        try await reader.value
        try await second.value
        #expect(events == ["read"])
        #expect(calls > 0)
        watch.cancel()
        watch.cancel()
        drain(far)
        try await writer.value
        #expect(events == ["read", "write"])
    }

    @Test("two watches on one descriptor each hear of what they asked for")
    func sharesAmongWatches() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        var heard: Set<String> = []
        let first = try EventLoop.main.watch(near, for: .readable) { _ in heard.insert("readable") }
        let second = try EventLoop.main.watch(near, for: .writable) { _ in heard.insert("writable") }
        await turn()
        #expect(heard == ["writable"])
        second.cancel()
        write(far, "x", 1)
        try await readable(near)
        #expect(heard == ["writable", "readable"])
        try first.change(to: [])
        heard = []
        await turn()
        #expect(heard.isEmpty)
        first.cancel()
    }

    @Test("the end of the other side is readiness for everyone")
    func endsAreReadiness() async throws {
        let (near, far) = try pair()
        defer { close(near) }
        fill(near)
        let reader = Task.immediate { try await readable(near) }
        let writer = Task.immediate { try await writable(near) }
        close(far)
        try await reader.value
        try await writer.value
    }

    @Test("cancelling one wait ends that one; the other goes on")
    func cancels() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        let cancelled = Task.immediate { try await readable(near) }
        let other = Task.immediate { try await readable(near) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        write(far, "x", 1)
        try await other.value
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await readable(near)
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    @Test("after the last wait the descriptor is free for others")
    func letsGo() async throws {
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        for _ in 0..<3 {
            let waiting = Task.immediate { try await readable(near) }
            waiting.cancel()
            _ = await waiting.result
        }
        write(far, "x", 1)
        try await readable(near)
        var heard = 0
        let watch = try EventLoop.main.watch(near, for: .readable) { _ in heard += 1 }
        await turn()
        #expect(heard > 0)
        watch.cancel()
    }

    @Test("what cannot be waited for says so", arguments: ["bad", "negative", "huge", "regular"])
    func refuses(kind: String) async throws {
        let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let (descriptor, code): (Int32, Int32) =
            switch kind {
            case "bad": (19_999, EBADF)
            case "negative": (-1, EBADF)
            case "huge": (.max, EBADF)
            default: (file, EPERM)
            }
        for wait in [readable, writable] {
            let error = await #expect(throws: SystemError.self) { try await wait(descriptor) }
            #expect(error?.code == code)
            #expect(error?.advice != nil)
        }
    }

    @Test("a descriptor that something else has registered is refused, and stays registered for that")
    func refusesForeign() async throws {
        final class Owner: PollTarget {
            var calls = 0
            func readinessChanged(_ readiness: Readiness) { calls += 1 }
        }
        let (near, far) = try pair()
        defer { closeAll(near, far) }
        let owner = Owner()
        try EventLoop.main.poller.add(near, interest: .readable, edgeTriggered: true, target: owner)
        defer { EventLoop.main.poller.remove(near) }
        let error = await #expect(throws: SystemError.self) { try await readable(near) }
        #expect(error?.code == EEXIST)
        #expect(throws: SystemError.self) { try EventLoop.main.watch(near, for: .readable) { _ in } }
        write(far, "x", 1)
        await turn()
        #expect(owner.calls == 1)
    }

    @Test("a descriptor that is closed under a task ends its wait with an error")
    func noticesClosing() async throws {
        let (near, far) = try pair()
        defer { close(far) }
        let reader = Task.immediate { try await readable(near) }
        close(near)
        let error = await #expect(throws: SystemError.self) { try await reader.value }
        #expect(error?.code == EBADF)
    }

    @Test("a number that stands for a file by now is noticed, too")
    func noticesReplacementByFile() async throws {
        let (near, far) = try pair()
        let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
        defer { closeAll(near, far, file) }
        let reader = Task.immediate { try await readable(near) }
        try #require(dup2(file, near) == near)
        let error = await #expect(throws: SystemError.self) { try await reader.value }
        #expect(error?.code == EBADF)
    }

    @Test("a number that stands for another descriptor is noticed when that one is waited for")
    func noticesReplacement() async throws {
        let (near, far) = try pair()
        let (other, otherFar) = try pair()
        defer { closeAll(near, far, other, otherFar) }
        let reader = Task.immediate { try await readable(near) }
        try #require(dup2(other, near) == near)
        let second = Task.immediate { try await readable(near) }
        let error = await #expect(throws: SystemError.self) { try await reader.value }
        #expect(error?.code == EBADF)
        write(otherFar, "x", 1)
        try await second.value
    }

    @Test("a descriptor whose copy is open elsewhere does not keep the loop busy once it is closed")
    func copiesDoNotSpin() async throws {
        let (near, far) = try pair()
        let copy = dup(near)
        defer { closeAll(copy, far) }
        let reader = Task.immediate { try await readable(near) }
        close(near)
        await #expect(throws: SystemError.self) { try await reader.value }
        write(far, "x", 1)
        await turn()
        let before = EventLoop.main.statistics(.events)
        for _ in 0..<20 { await turn() }
        #expect(EventLoop.main.statistics(.events) - before < 10_000)
    }

    @Test("hundreds of descriptors wait at once and leave nothing behind")
    func scales() async throws {
        var pairs: [(Int32, Int32)] = []
        for _ in 0..<300 { pairs.append(try pair()) }
        defer { for (near, far) in pairs { closeAll(near, far) } }
        let tasks = pairs.map { near, _ in Task.immediate { try await readable(near) } }
        for (index, (_, far)) in pairs.enumerated() {
            if index.isMultiple(of: 2) { write(far, "x", 1) } else { tasks[index].cancel() }
        }
        for (index, task) in tasks.enumerated() {
            if index.isMultiple(of: 2) {
                try await task.value
            } else {
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }
    }

    private func pair() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        try #require(socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    private func closeAll(_ descriptors: Int32...) {
        for descriptor in descriptors { close(descriptor) }
    }

    private func fill(_ descriptor: Int32) {
        let block = [UInt8](repeating: 0, count: 1 << 16)
        while send(descriptor, block, block.count, Int32(MSG_NOSIGNAL)) > 0 {}
    }

    private func drain(_ descriptor: Int32) {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while recv(descriptor, &block, block.count, 0) > 0 {}
    }

    private func turn() async {
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(2)) { done.resume() } }
    }
}
