import CMartlet
import Glibc

/// The memory that all datagram sockets receive into and send from: used within one call, never across a suspension.
enum DatagramBuffers {
    static let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 4096)
    static let datagrams: UnsafeMutableBufferPointer<martlet_datagram> = {
        let datagrams = UnsafeMutableBufferPointer<martlet_datagram>.allocate(capacity: Int(MARTLET_DATAGRAMS))
        datagrams.initialize(repeating: martlet_datagram())
        return datagrams
    }()
}

extension martlet_datagram {
    /// The address; `nil` when there is none.
    var socketAddress: SocketAddress? {
        mutating get {
            // Two bytes are a family and nothing else: a Unix socket without a name.
            guard address_length > 2 else { return nil }
            let length = min(Int(address_length), MemoryLayout<sockaddr_storage>.size)
            return withUnsafeBytes(of: &address) {
                SocketAddress(system: UnsafeRawBufferPointer(rebasing: $0[..<length]))
            }
        }
    }

    mutating func setAddress(_ socketAddress: SocketAddress?) {
        guard let socketAddress else {
            address_length = 0
            return
        }
        address_length = socketAddress.withSystemAddress { pointer, length in
            withUnsafeMutableBytes(of: &address) {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
            }
            return length
        }
    }
}
