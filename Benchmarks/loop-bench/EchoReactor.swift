import Glibc
import MartletNet

/// Echoes without a task, as a protocol of asyncio does.
final class EchoReactor: ByteStreamReactor {
    private static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    private let stream: ByteStream

    static func start(_ descriptor: Int32) {
        do {
            let stream = try ByteStream(descriptor: descriptor)
            EchoReactor(stream).waitEnded(.ready)
        } catch {
            Glibc.close(descriptor)
        }
    }

    private init(_ stream: ByteStream) {
        self.stream = stream
    }

    func waitEnded(_ wait: ByteStream.Wait) {
        while stream.mayReceive {
            switch stream.receive(into: Self.buffer) {
            case .moved(let count) where count > 0:
                let received = UnsafeRawBufferPointer(rebasing: Self.buffer[..<count])
                var sent = 0
                if case .moved(let taken) = stream.send(received) { sent = taken }
                guard sent == count else { return writeRest([UInt8](received[sent...])) }
            case .wouldBlock: break
            default: return stream.close()
            }
        }
        stream.park(self, until: .distantFuture)
    }

    /// Sends what the kernel did not take, and reads nothing meanwhile.
    private func writeRest(_ bytes: [UInt8]) {
        Task {
            do {
                try await stream.write(bytes)
                waitEnded(.ready)
            } catch {
                stream.close()
            }
        }
    }
}
