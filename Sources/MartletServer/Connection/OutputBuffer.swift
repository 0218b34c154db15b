import MartletHTTP
import MartletLoop
import MartletNet

/// Answers on their way to the kernel. Lent by the server's pool while there are any.
final class OutputBuffer {
    /// Heads and small bodies, one after the other.
    var bytes = ByteBuffer()
    /// A body that is too large to be copied behind the others; it goes out after `bytes`.
    private var large: [UInt8] = []
    private var largeSent = 0

    /// Larger bodies are sent from where they are.
    static let copyLimit = 32 * 1024

    var isEmpty: Bool { bytes.isEmpty && large.isEmpty }

    /// Whether it is to be sent before anything is appended: there is much of it already, or a body that nothing may
    /// get in front of.
    var isLarge: Bool { bytes.count >= Self.copyLimit || !large.isEmpty }

    func setLargeBody(_ body: [UInt8]) {
        large = body
        largeSent = 0
    }

    /// Sends as much as the kernel takes.
    func send(on stream: ByteStream) -> Transfer {
        if !bytes.isEmpty {
            let transfer = bytes.withReadableBytes { stream.send($0, moreComes: !large.isEmpty) }
            if case .moved(let count) = transfer { bytes.consume(count) }
            return transfer
        }
        let sent = largeSent
        let transfer = large.withUnsafeBytes { stream.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
        if case .moved(let count) = transfer {
            largeSent += count
            if largeSent == large.count { setLargeBody([]) }
        }
        return transfer
    }

    /// Gives memory back when it was needed for once, so that the pool does not hold it for ever. To be called when
    /// empty.
    func trim() {
        bytes.removeAll(keepingCapacityUpTo: Self.copyLimit * 2)
    }

    func removeAll() {
        bytes.removeAll(keepingCapacityUpTo: Self.copyLimit * 2)
        setLargeBody([])
    }
}
