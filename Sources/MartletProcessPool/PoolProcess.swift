import CMartlet
import FoundationEssentials
import Glibc
import MartletLoop

/// A process of a pool, seen from the loop: one piece of work at a time goes there, and one answer comes back.
///
/// Whoever starts one ends it: `end` closes what belongs to it and reaps it.
final class PoolProcess {
    /// What came of waiting for the process.
    enum Answer: Sendable {
        case frame(Parcel<Frame>)
        /// It has closed its end of the socket: it ends, or has ended.
        case ended
        /// The time was over.
        case timedOut
        /// What it sends makes no sense, or is more than it may send.
        case invalid
    }

    /// How many pieces of work it was given.
    private(set) var jobs = 0
    /// Since when it has nothing to do.
    private(set) var idleSince = EventLoop.Instant.readClock()
    /// Whether it is of no use any more.
    private(set) var isLost = false
    /// Called when it is lost while nobody waits for it.
    var onLoss: (() -> Void)?

    private let child: ChildProcess
    private let socket: Int32
    private let errors: ErrorTail
    private let answers = WaitQueue<Void, Answer>()
    private var watch: DescriptorWatch?
    private var outgoing: Parcel<Data>?
    private var sent = 0
    private var incoming: FrameReader

    /// Starts one, which is not ready yet.
    init(name: String, frameLimit: Int) throws(SystemError) {
        let errors = try ErrorTail()
        defer { errors.closeWriter() }
        let started: (child: ChildProcess, socket: Int32)
        do throws(SystemError) {
            started = try Self.start(name: name, standardError: errors.writer)
        } catch {
            _ = errors.close()
            throw error
        }
        self.errors = errors
        (child, socket) = started
        incoming = FrameReader(limit: frameLimit)
    }

    private static func start(name: String, standardError: Int32) throws(SystemError) -> (ChildProcess, Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw SystemError("open a socket pair for", target: "process pool \"\(name)\"")
        }
        let standardInput = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(ends[1])
            if standardInput >= 0 { close(standardInput) }
        }
        var request = SpawnRequest(
            .path("/proc/self/exe"), arguments: [CommandLine.arguments.first ?? "program", "(pool \(name))"],
            environment: environment(name: name))
        request.descriptors = [ends[1]]
        request.standardInput = standardInput >= 0 ? standardInput : nil
        request.standardError = standardError
        request.parentDeathSignal = SIGKILL
        request.startsSession = true
        do throws(SystemError) {
            return (try ChildProcess.spawn(request), ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }

    private static func environment(name: String) -> [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        // Looking for a backtrace takes seconds, and pushes the message itself out of the last lines.
        if !variables.contains(where: { $0.hasPrefix("SWIFT_BACKTRACE=") }) {
            variables.append("SWIFT_BACKTRACE=enable=no")
        }
        return variables + ["\(MARTLET_POOL_PROCESS)=\(name)"]
    }

    // MARK: Work

    /// Waits until it says that it is there.
    func becomeReady(within timeout: Duration) async throws -> Answer {
        watch = try EventLoop.main.watch(socket, for: .readable) { [weak self] in self?.changed($0) }
        return try await answer(within: timeout)
    }

    /// Sends work and waits for what comes back.
    ///
    /// - Throws: `CancellationError` when the task is cancelled; the process goes on with what it has in hand.
    func exchange(_ work: Parcel<Data>, within timeout: Duration?) async throws(CancellationError) -> Answer {
        jobs += 1
        outgoing = work
        sent = 0
        send()
        return try await answer(within: timeout)
    }

    private func answer(within timeout: Duration?) async throws(CancellationError) -> Answer {
        if isLost { return .ended }
        let timer = timeout.map { EventLoop.main.callLater($0) { [answers] in answers.answerFirst(.timedOut) } }
        defer {
            timer?.cancel()
            idleSince = .readClock()
        }
        return try await answers.wait(())
    }

    private func changed(_ readiness: Readiness) {
        if readiness.contains(.writable) { send() }
        if !readiness.isDisjoint(with: [.readable, .hungUp, .failed]) { receive() }
    }

    private func send() {
        guard let outgoing else { return }
        while sent < outgoing.size {
            let socket = socket
            let sent = sent
            let result = outgoing.look {
                $0.withUnsafeBytes {
                    EventLoop.main.poller.send(socket, UnsafeRawBufferPointer(rebasing: $0[sent...]))
                }
            }
            switch result {
            case .moved(let count): self.sent += count
            case .wouldBlock: return watch(for: [.readable, .writable])
            // Reading tells what became of the process.
            case .failed, nil: self.sent = outgoing.size
            }
        }
        self.outgoing = nil
        watch(for: .readable)
    }

    private func watch(for interest: Readiness) {
        // This fails only for a descriptor that is not watched.
        try? watch?.change(to: interest)
    }

    private func receive() {
        switch incoming.receive(from: socket) {
        case .incomplete: break
        case .frame(let frame):
            if !answers.answerFirst(.frame(frame)) { lose(as: .invalid) }
        case .end: lose(as: .ended)
        case .invalid: lose(as: .invalid)
        }
    }

    private func lose(as answer: Answer) {
        isLost = true
        watch?.cancel()
        watch = nil
        if !answers.answerFirst(answer) { onLoss?() }
        onLoss = nil
    }

    // MARK: The end

    /// Ends and reaps it: kills it at once, or else when it has not ended by itself after a second.
    ///
    /// - Returns: how it ended, and the last lines that it wrote to its standard error.
    @discardableResult
    func end(killing: Bool) async -> (status: TerminationStatus, lastWords: String) {
        isLost = true
        onLoss = nil
        watch?.cancel()
        watch = nil
        close(socket)
        incoming.reset()
        outgoing = nil
        // A task of its own, which nobody cancels and which is in real time.
        let status = await Task.detached { await self.reap(killing: killing) }.value
        return (status, errors.close())
    }

    private func reap(killing: Bool) async -> TerminationStatus {
        // There is nothing to kill when this fails.
        let kill = { [child] in _ = try? child.signal(SIGKILL) }
        let timer = killing ? nil : EventLoop.main.callLater(.seconds(1), kill)
        if killing { kill() }
        defer { timer?.cancel() }
        return (try? await child.wait()) ?? .exited(127)
    }
}
