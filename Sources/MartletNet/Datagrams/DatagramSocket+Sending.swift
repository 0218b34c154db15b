import CMartlet
import Glibc
import MartletLoop

/// Sending.
extension DatagramSocket {
    /// Where readiness does not say when there is room again, it is looked for after so long, and less and less often.
    private static let firstRetry: Duration = .milliseconds(1)
    private static let longestRetry: Duration = .milliseconds(64)
    /// What the kernel cuts at once: 64 datagrams, and no more than one IP packet may have (UDP_MAX_SEGMENTS, RFC 768).
    private static let mostSegments = 64
    private static let mostSegmented = 65_507

    /// Sends a datagram, waiting while the kernel's queue is full, or that of the Unix socket that it goes to.
    ///
    /// - Parameters:
    ///   - bytes: what it carries.
    ///   - address: where it goes; `nil` on a connected socket.
    /// - Throws: `SystemError` when it cannot go, or for what the network reports about an earlier one, after which
    ///   this one has not been sent; `DatagramError` when the socket is closed; `CancellationError`.
    public func send(_ bytes: [UInt8], to address: SocketAddress? = nil) async throws {
        try await whenThereIsRoom(to: address) { sendNow(bytes, to: address) }
    }

    /// Sends the text in UTF-8: see `send(_:to:)`.
    public func send(_ text: String, to address: SocketAddress? = nil) async throws {
        try await send(Array(text.utf8), to: address)
    }

    /// Sends datagrams in order, 32 with one system call.
    ///
    /// - Throws: as `send(_:to:)`. Those before the one that could not be sent have gone.
    public func send(_ datagrams: [Datagram]) async throws {
        var sent = 0
        while sent < datagrams.count {
            try await whenThereIsRoom(to: datagrams[sent].address) {
                let transfer = self.sendBatch(datagrams[sent...])
                if case .moved(let count) = transfer { sent += count }
                return transfer
            }
        }
    }

    /// Sends bytes as datagrams of `size` bytes each, the last one of what is left: the kernel cuts them, where it can
    /// (UDP_SEGMENT), for the price of one system call in 64 KiB.
    ///
    /// - Throws: as `send(_:)` of several.
    public func send(_ bytes: [UInt8], inSegmentsOf size: Int, to address: SocketAddress? = nil) async throws {
        require((1...65_507).contains(size), "a datagram has 1 to 65,507 bytes, not \(size)")
        let atOnce = max(1, min(Self.mostSegments, Self.mostSegmented / size)) * size
        var start = 0
        while canSegment, start < bytes.count {
            let end = min(start + atOnce, bytes.count)
            try await whenThereIsRoom(to: address) {
                let transfer = bytes[start..<end].withUnsafeBytes { self.sendSegments($0, size: size, to: address) }
                if case .moved = transfer, self.canSegment { start = end }
                return transfer
            }
        }
        guard start < bytes.count else { return }
        try await send(
            stride(from: start, to: bytes.count, by: size).map {
                Datagram([UInt8](bytes[$0..<min($0 + size, bytes.count)]), to: address)
            })
    }

    /// Sends a datagram without suspending: `.moved` with its bytes, or `.wouldBlock` when there is no room, which
    /// `send(_:to:)` waits for.
    public func sendNow(_ bytes: UnsafeRawBufferPointer, to address: SocketAddress?) -> Transfer {
        guard isWritable else { return .wouldBlock }
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        while true {
            let count =
                address?.withSystemAddress { sendto(descriptor, bytes.baseAddress, bytes.count, flags, $0, $1) }
                ?? sendto(descriptor, bytes.baseAddress, bytes.count, flags, nil, 0)
            if count >= 0 { return .moved(count) }
            if errno != EINTR { return transfer(failed: errno) }
        }
    }

    private func sendNow(_ bytes: [UInt8], to address: SocketAddress?) -> Transfer {
        bytes.withUnsafeBytes { sendNow($0, to: address) }
    }

    /// `.moved` with how many went.
    private func sendBatch(_ datagrams: ArraySlice<Datagram>) -> Transfer {
        guard isWritable else { return .wouldBlock }
        let memory = DatagramBuffers.memory
        let slots = DatagramBuffers.datagrams
        var count = 0
        var used = 0
        for datagram in datagrams.prefix(slots.count) where used + datagram.bytes.count <= memory.count {
            datagram.bytes.withUnsafeBytes { memory[used...].copyBytes(from: $0) }
            slots[count].offset = used
            slots[count].count = datagram.bytes.count
            slots[count].setAddress(datagram.address)
            used += datagram.bytes.count
            count += 1
        }
        let sent = martlet_send_datagrams(descriptor, memory.baseAddress, slots.baseAddress, Int32(count))
        return sent < 0 ? transfer(failed: -sent) : .moved(Int(sent))
    }

    private func sendSegments(_ bytes: UnsafeRawBufferPointer, size: Int, to address: SocketAddress?) -> Transfer {
        guard isWritable else { return .wouldBlock }
        let segment = UInt16(clamping: size)
        let sent =
            address?.withSystemAddress {
                martlet_send_segments(descriptor, bytes.baseAddress, bytes.count, segment, $0, $1)
            } ?? martlet_send_segments(descriptor, bytes.baseAddress, bytes.count, segment, nil, 0)
        guard sent < 0 else { return .moved(sent) }
        let code = Int32(-sent)
        // What a kernel without it says, or a path whose packets are too small for the segments (man 7 udp): then they
        // are sent one by one, and whatever is wrong beside that shows there.
        guard [EIO, EINVAL, ENOPROTOOPT, EOPNOTSUPP, EMSGSIZE].contains(code) else { return transfer(failed: code) }
        canSegment = false
        return .moved(0)
    }

    private func transfer(failed code: Int32) -> Transfer {
        guard code == EAGAIN else { return .failed(code) }
        isWritable = !signalsRoom
        return .wouldBlock
    }

    private func whenThereIsRoom(to address: SocketAddress?, _ send: () -> Transfer) async throws {
        try check()
        var retry = Self.firstRetry
        while true {
            switch send() {
            case .moved: return
            case .failed(let code): throw failure("send to", address, code: code)
            case .wouldBlock where signalsRoom: try await writers.wait(())
            case .wouldBlock:
                try await Task.sleep(for: retry)
                retry = min(retry * 2, Self.longestRetry)
            }
            try check()
        }
    }
}
