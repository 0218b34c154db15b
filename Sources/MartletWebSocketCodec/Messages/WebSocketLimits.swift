/// What a peer may send before it is refused with 1009.
public struct WebSocketLimits: Hashable, Sendable {
    /// The most bytes of a message, inflated if it was compressed.
    public var messageSize: Int
    /// The most bytes of a frame's payload as it is sent.
    public var frameSize: Int
    /// How many times larger a message may become by inflating. What inflates to less than 64 KiB is never refused for it.
    public var expansion: Int

    /// Limits; those left out are 1 MiB for a message, which bounds what inflates as well, and nothing beside that: DEFLATE
    /// makes an honest megabyte of equal bytes a thousand times smaller.
    public init(messageSize: Int = 1 << 20, frameSize: Int = .max, expansion: Int = .max) {
        precondition(messageSize >= 0 && frameSize >= 0 && expansion > 0)
        self.messageSize = messageSize
        self.frameSize = frameSize
        self.expansion = expansion
    }

    /// How many bytes a compressed message may take on the way: an encoder that does badly makes data larger, by an eighth
    /// at most with fixed codes and by five bytes with each block that it stores as it is.
    var compressedSize: Int {
        let (sum, overflow) = messageSize.addingReportingOverflow(messageSize / 4 + 1024)
        return overflow ? .max : sum
    }

    /// How many bytes may have come out after `count` bytes of compressed data. They are counted by the KiB, so that how
    /// they arrive makes no difference.
    func inflatedSize(after count: Int) -> Int {
        let rounded = count > 0 ? (count - 1) / 1024 + 1 : 0
        let (product, overflow) = rounded.multipliedReportingOverflow(by: 1024 * min(expansion, .max / 1024))
        return overflow ? .max : max(product, 1 << 16)
    }
}
