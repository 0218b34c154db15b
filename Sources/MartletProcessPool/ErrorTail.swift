import CMartlet
import Glibc
import MartletLoop

/// The standard error of a process: passed on to this process's own, and its last lines kept for when it crashes.
final class ErrorTail {
    /// Becomes the process's standard error.
    let writer: Int32

    private static let bytesKept = 16384
    private static let linesShown = 10
    /// A pipe or terminal that is ready takes so many bytes without blocking (PIPE_BUF, man 7 pipe).
    private static let bytesAtOnce = 4096

    private let reader: Int32
    private var watch: DescriptorWatch?
    private var tail: [UInt8] = []
    private var isWriterOpen = true

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard martlet_pipe(&ends) == 0 else { throw SystemError("open a pipe for", target: "a pool's process") }
        reader = ends[0]
        writer = ends[1]
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        do throws(SystemError) {
            watch = try EventLoop.main.watch(reader, for: .readable) { [weak self] _ in self?.collect() }
        } catch {
            Glibc.close(reader)
            Glibc.close(writer)
            throw error
        }
    }

    /// To be called once the process has its end, or when there is none.
    func closeWriter() {
        guard isWriterOpen else { return }
        isWriterOpen = false
        Glibc.close(writer)
    }

    /// Takes what is left, and ends.
    ///
    /// - Returns: the last lines.
    func close() -> String {
        closeWriter()
        // A pipe holds 64 KiB; what the process left running may go on writing.
        for _ in 0..<32 { if receive() <= 0 { break } }
        stop()
        Glibc.close(reader)
        return Self.lastLines(String(decoding: tail, as: UTF8.self))
    }

    /// The last lines, or those from Swift's message about a trap, which may have a stack trace after it.
    private static func lastLines(_ text: String) -> String {
        var text = text[...]
        while text.last?.isNewline == true { text.removeLast() }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let trap = lines.lastIndex { $0.contains("Fatal error") }
        return (trap.map { lines[$0...].prefix(linesShown) } ?? lines.suffix(linesShown)).joined(separator: "\n")
    }

    private func collect() {
        // 0: everybody who could write has ended; otherwise there may be more in the next tick.
        if receive() == 0 { stop() }
    }

    private func stop() {
        watch?.cancel()
        watch = nil
    }

    private func receive() -> Int {
        withUnsafeTemporaryAllocation(byteCount: Self.bytesAtOnce, alignment: 1) { room in
            let count = read(reader, room.baseAddress, room.count)
            guard count > 0 else { return count }
            let bytes = UnsafeRawBufferPointer(rebasing: room[..<count])
            passOn(bytes)
            tail.append(contentsOf: bytes)
            if tail.count > Self.bytesKept { tail.removeFirst(tail.count - Self.bytesKept) }
            return count
        }
    }

    /// What standard error does not take at once is not passed on: the loop does not wait for it.
    private func passOn(_ bytes: UnsafeRawBufferPointer) {
        var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&ready, 1, 0) == 1 { write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }
}
