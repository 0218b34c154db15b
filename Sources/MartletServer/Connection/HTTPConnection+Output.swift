import MartletLoop
import MartletNet

/// Sending what has gathered, and the buffers that the server lends.
extension HTTPConnection {
    /// Appends to the output and returns when the kernel has taken all of it.
    func write(_ append: (OutputBuffer) -> Void) async throws(ConnectionEnd) {
        append(borrowOutput())
        try await flush()
    }

    /// Sends what has gathered in one go, which is how it nearly always ends; `false` when something is left for
    /// `flush`.
    func sendsAtOnce() -> Bool {
        guard let output else { return true }
        guard case .moved(let count) = output.send(on: stream) else { return false }
        server.counters.add(.bytesSent, UInt64(count))
        guard output.isEmpty else { return false }
        releaseOutput()
        return true
    }

    /// Sends everything that has gathered.
    ///
    /// - Throws: `.lost` also when a task is at it that a handler has left behind: two cannot wait for the same stream.
    func flush() async throws(ConnectionEnd) {
        guard let output else { return }
        guard !isFlushing else { throw .lost }
        isFlushing = true
        defer { isFlushing = false }
        while true {
            switch output.send(on: stream) {
            case .moved(let count):
                server.counters.add(.bytesSent, UInt64(count))
                guard output.isEmpty else { continue }
                releaseOutput()
                return
            case .failed:
                throw .lost
            case .wouldBlock:
                try await waitForRoom()
            }
        }
    }

    /// Waits until the kernel takes more. It says so only when much of its buffer is free: a client that is slow, and
    /// not still, has taken something in the meantime.
    private func waitForRoom() async throws(ConnectionEnd) {
        var unsent = stream.unsentBytes ?? 0
        while case .timedOut = await stream.waitToWrite(until: .readClock() + server.writeTimeout) {
            let left = stream.unsentBytes ?? 0
            guard left < unsent else { throw .writeTimedOut }
            unsent = left
        }
    }

    // MARK: Buffers

    func releaseInput() {
        guard let input else { return }
        self.input = nil
        input.removeAll()
        server.inputs.giveBack(input)
    }

    func borrowOutput() -> OutputBuffer {
        if let output { return output }
        let borrowed = server.outputs.take()
        output = borrowed
        return borrowed
    }

    private func releaseOutput() {
        guard let output else { return }
        self.output = nil
        output.trim()
        server.outputs.giveBack(output)
    }

    func releaseExchange() {
        guard let released = exchange else { return }
        exchange = nil
        released.end()
        server.giveBack(released)
    }

    func releaseBuffers() {
        releaseInput()
        output?.removeAll()
        releaseOutput()
        releaseExchange()
    }
}
