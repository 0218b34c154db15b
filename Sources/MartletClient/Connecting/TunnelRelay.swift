import MartletLoop
import MartletNet

/// TLS in a tunnel that is made of TLS itself: a stream carries it once, so the inner one gets a pair of sockets of this process,
/// and two tasks pass on what it says.
enum TunnelRelay {
    /// A stream whose bytes go over `outer`, which is closed with it.
    static func stream(over outer: ByteStream) throws(SystemError) -> ByteStream {
        let near: ByteStream
        let far: ByteStream
        do throws(SystemError) {
            (near, far) = try ByteStream.pair()
        } catch {
            outer.close()
            throw error
        }
        Task {
            // The near end is closed, or one of them has failed: there is nobody left to read.
            try? await pass(from: far, to: outer)
            far.close()
            outer.close()
        }
        Task {
            do {
                try await pass(from: outer, to: far)
                try await far.finishWriting()
            } catch {
                // The inner TLS notices that its stream has ended before it said so.
                far.close()
                outer.close()
            }
        }
        return near
    }

    private static func pass(from source: ByteStream, to target: ByteStream) async throws {
        while true {
            let bytes = try await source.read()
            if bytes.isEmpty { return }
            try await target.write(bytes)
        }
    }
}
