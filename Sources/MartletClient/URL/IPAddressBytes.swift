import Glibc

/// An IP address as it goes over the wire.
nonisolated struct IPAddressBytes {
    /// 4 or 16 of them.
    let bytes: [UInt8]

    /// Reads an address without brackets; `nil` when it is a name.
    init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes[..<4])
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }
}
