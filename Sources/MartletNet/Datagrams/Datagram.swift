/// A message that came, or is to go, whole or not at all.
public nonisolated struct Datagram: Hashable, Sendable {
    /// What it carries; may be nothing.
    public var bytes: [UInt8]
    /// Where it came from, or is to go; `nil` when the socket is connected, or the sender is a Unix socket without a
    /// name.
    public var address: SocketAddress?
    /// Whether it was longer than `DatagramOptions.largest`, and what was beyond is lost.
    public var isTruncated = false

    /// A datagram to send.
    public init(_ bytes: [UInt8], to address: SocketAddress? = nil) {
        self.bytes = bytes
        self.address = address
    }

    init(_ bytes: [UInt8], from address: SocketAddress?, isTruncated: Bool) {
        self.bytes = bytes
        self.address = address
        self.isTruncated = isTruncated
    }
}
