import MartletNet
import MartletServer
import MartletWebSocketCodec

/// What comes from channels: frames that many sockets share.
extension WebSocket {
    /// What has become of frames.
    enum Delivery {
        /// They are on their way, so many bytes already with the kernel.
        case taken(Int)
        /// The peer reads too slowly, or a message is being sent in pieces.
        case dropped
        /// It is not open any more.
        case ended
    }

    /// How frames have to be encoded that are not made for this socket alone.
    ///
    /// A message that refers to none before it may be compressed by anybody, also where context takeover was agreed on.
    var sharedEncoding: FrameEncoding {
        // zlib compresses with windows from 9 bits on.
        guard context.role == .server, let compression, compression.serverMaxWindowBits >= 9 else { return .plain }
        return FrameEncoding(
            windowBits: Int32(clamping: compression.serverMaxWindowBits),
            threshold: Int32(clamping: context.settings.compression.threshold))
    }

    /// Sends whole frames as they are: straight from where they lie if nothing else waits. What the kernel does not
    /// take is kept by reference if it is much.
    ///
    /// - Parameters:
    ///   - frames: frames of a server in `sharedEncoding`.
    ///   - isCompressed: whether some of them are compressed.
    func deliver(_ frames: [UInt8], isCompressed: Bool) -> Delivery {
        guard pendingOutput == nil, state == .open, !isSendingFragments, !isCompressed || deflater == nil else {
            return deliver(isCompressed: isCompressed) { $0.append(frames) }
        }
        switch frames.withUnsafeBytes({ stream.send($0) }) {
        case .moved(let count):
            if count < frames.count { keep(frames, from: count) }
            return .taken(count)
        case .wouldBlock:
            keep(frames, from: 0)
            return .taken(0)
        case .failed:
            lose()
            return .ended
        }
    }

    /// Sends what is appended, behind what waits already.
    func deliver(isCompressed: Bool, _ append: (OutputBuffer) -> Void) -> Delivery {
        guard state == .open else { return .ended }
        guard !isSendingFragments, hasRoom() else { return .dropped }
        append(output)
        // The peer's window now holds what the socket's own deflater knows nothing of: it begins anew.
        if isCompressed { deflater = nil }
        // A peer that takes nothing is not asked again before the kernel says so.
        if !stream.tellsOfRoom { flushSoon() }
        return .taken(0)
    }

    private func keep(_ frames: [UInt8], from start: Int) {
        output.append(frames, from: start)
        stall()
    }
}
