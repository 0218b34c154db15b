import MartletLoop
import MartletNet

/// Passes bytes on to a server and back, in pieces of random sizes, and cuts connections at random places.
final class CuttingProxy {
    /// Connections that it has cut.
    private(set) var cuts = 0
    private let target: SocketAddress
    private var random: SplitMix64
    private var server: StreamServer?
    /// One of so many pieces is the last one of its connection; 0: none is.
    var cutsOneIn = 0

    init(to port: UInt16, seed: UInt64) throws {
        target = try SocketAddress(parsing: "127.0.0.1:\(port)")
        random = SplitMix64(state: seed)
        server = try StreamServer(at: "127.0.0.1:0") { [weak self] stream in
            guard let self else { return }
            let upstream = try await connect(to: target)
            let back = Task { try? await self.pass(from: upstream, to: stream) }
            try? await pass(from: stream, to: upstream)
            upstream.close()
            stream.close()
            await back.value
        }
    }

    deinit {}

    var url: String { "redis://\(server?.address ?? .any(port: 0))" }

    func close() async { await server?.close(drainTime: .zero) }

    private func pass(from source: ByteStream, to sink: ByteStream) async throws {
        // However it ends, by a reset too: the other side would wait in vain.
        defer { sink.close() }
        while true {
            let received = try await source.read()
            if received.isEmpty { break }
            var rest = received[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...200, using: &random))
                rest = rest.dropFirst(piece.count)
                try await sink.write(piece)
                if cutsOneIn > 0, Int.random(in: 0..<cutsOneIn, using: &random) == 0 {
                    cuts += 1
                    source.abort()
                    sink.abort()
                    return
                }
            }
        }
    }
}

/// Chance that is the same for the same seed.
nonisolated struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
