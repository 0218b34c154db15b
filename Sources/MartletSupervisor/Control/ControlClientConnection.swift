import Glibc
import MartletLoop
import MartletNet

/// A client of the control socket until its first line has shown that it speaks HTTP, or for good when it speaks text.
final class ControlClientConnection {
    /// Takes over a client that speaks HTTP, with what it has said.
    var onHTTP: ((Int32, [UInt8]) -> Void)?
    /// Whether clients that wait for nothing are to go.
    var isEnding: () -> Bool = { false }
    /// It is not this object's any more, or is gone.
    var onEnd: (() -> Void)?

    private let descriptor: Int32
    private let commands: [ControlCommand<Void>]
    private let mayChange: Bool
    private var bytes: [UInt8] = []
    private var watch: DescriptorWatch?
    private lazy var deadline = LoopTimer { [unowned self] in giveUp("say something within \(Self.patience)") }

    /// How long a client may be silent, and how long it may take to read an answer.
    private static let patience: Duration = .seconds(60)

    init(_ descriptor: Int32, commands: [ControlCommand<Void>], mayChange: Bool) throws(SystemError) {
        self.descriptor = descriptor
        self.commands = commands
        self.mayChange = mayChange
        // Keeps the object alive until the first line is there.
        watch = try EventLoop.main.watch(descriptor, for: .readable) { _ in self.receive() }
        deadline.arm(at: .readClock() + Self.patience)
    }

    // MARK: The first line

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: FirstLine.longest + 1)
        let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        bytes += chunk[..<max(0, count)]
        switch FirstLine(bytes, isComplete: count <= 0) {
        case .http:
            let take = onHTTP
            letGo()
            take?(descriptor, bytes)
            onEnd?()
        case .incomplete: if count <= 0 { end() }
        case .text:
            letGo()
            Task { await converse() }
        case .refused(let reason): giveUp(reason)
        }
    }

    private func letGo() {
        deadline.cancel()
        watch?.cancel()
        watch = nil
    }

    private func giveUp(_ reason: String) {
        let text = Array(ControlText.rendering(ControlRefusal(.misuse, reason)).utf8)
        _ = text.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        end()
    }

    private func end() {
        letGo()
        close(descriptor)
        onEnd?()
    }

    // MARK: Text

    /// Answers line after line.
    private func converse() async {
        defer { onEnd?() }
        guard let stream = try? ByteStream(descriptor: descriptor) else {
            close(descriptor)
            return
        }
        defer { stream.close() }
        var isComplete = false
        while true {
            switch FirstLine(bytes, isComplete: isComplete) {
            case .text(let line, let length):
                bytes.removeFirst(length)
                guard await send(await answer(line), to: stream) else { return }
                // Others get their turn between the commands of a client that sends many at once.
                await Task.yield()
            case .incomplete:
                guard !isComplete, !isEnding(), let chunk = await read(from: stream) else {
                    return
                }
                isComplete = chunk.isEmpty
                bytes += chunk
            case .http:
                _ = await send(ControlText.rendering(ControlRefusal(.misuse, "HTTP after text")), to: stream)
                return
            case .refused(let reason):
                _ = await send(ControlText.rendering(ControlRefusal(.misuse, reason)), to: stream)
                return
            }
        }
    }

    private func answer(_ line: String) async -> String {
        do throws(ControlRefusal) {
            let (command, request) = try ControlText.parse(line, in: commands)
            guard mayChange || !command.changesSomething else { throw ControlRoutes.readOnly }
            return ControlText.rendering(try await command.run((), request))
        } catch {
            return ControlText.rendering(error)
        }
    }

    /// Some bytes; none at the end; `nil` when there will be nothing more.
    private func read(from stream: ByteStream) async -> [UInt8]? {
        let deadline = EventLoop.Instant.readClock() + Self.patience
        while true {
            var result = Transfer.wouldBlock
            let chunk = [UInt8](unsafeUninitializedCapacity: FirstLine.longest + 1) { buffer, used in
                result = stream.receive(into: UnsafeMutableRawBufferPointer(buffer))
                if case .moved(let count) = result { used = count }
            }
            switch result {
            case .moved: return chunk
            case .failed: return nil
            case .wouldBlock: guard await stream.waitToRead(until: deadline) == .ready else { return nil }
            }
        }
    }

    private func send(_ text: String, to stream: ByteStream) async -> Bool {
        var rest = Array(text.utf8)[...]
        let deadline = EventLoop.Instant.readClock() + Self.patience
        while !rest.isEmpty {
            switch rest.withUnsafeBytes({ stream.send($0) }) {
            case .moved(let count): rest = rest.dropFirst(count)
            case .failed: return false
            case .wouldBlock: guard await stream.waitToWrite(until: deadline) == .ready else { return false }
            }
        }
        return true
    }
}
