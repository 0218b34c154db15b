import CMartlet
import Glibc
import MartletLoop

/// Receiving.
extension DatagramSocket {
    /// Receives one datagram, waiting until there is one.
    ///
    /// - Throws: `SystemError` for what the network reports about a datagram that was sent before (the socket goes on);
    ///   `DatagramError` when the socket is closed; `CancellationError`.
    public func receive() async throws -> Datagram {
        try await fill()
        defer { passOn() }
        return arrived.removeLast()
    }

    /// Receives what is there, 32 datagrams at most, waiting until there is one at least.
    ///
    /// - Throws: as `receive`.
    public func receiveBatch() async throws -> [Datagram] {
        try await fill()
        defer { passOn() }
        let batch = arrived
        arrived = []
        return batch.reversed()
    }

    /// The datagrams that come, without end. Errors that the network reports go to `DatagramOptions.onError`; what else
    /// ends it is thrown.
    public var datagrams: Datagrams { Datagrams(socket: self) }

    /// The datagrams that come to a socket.
    public nonisolated struct Datagrams: AsyncSequence, AsyncIteratorProtocol, Sendable {
        let socket: DatagramSocket

        /// The same: a datagram is received once, however many go through them.
        public func makeAsyncIterator() -> Datagrams { self }

        /// The next datagram; never `nil`.
        @MainActor
        public mutating func next() async throws -> Datagram? {
            while true {
                do {
                    return try await socket.receive()
                } catch let error as SystemError where Self.isFromNetwork.contains(error.code) {
                    socket.options.onError(error)
                }
            }
        }

        /// What ICMP messages become (man 7 icmp, man 7 ip).
        private static let isFromNetwork: Set<Int32> = [
            ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ENOPROTOOPT, EPROTO, EMSGSIZE, ENONET, EACCES,
        ]
    }

    /// Receives what is there without suspending, and calls `body` with each datagram, where it lies: nothing is
    /// copied.
    ///
    /// Not to be mixed with the other ways to receive, which may have fetched more than they returned.
    ///
    /// - Parameter body: gets the bytes, which are gone when it returns, the sender, and whether it was cut.
    /// - Returns: `.moved` with how many datagrams there were; `.wouldBlock`, after which `waitUntilReadable` waits.
    public func receive(_ body: (UnsafeRawBufferPointer, SocketAddress?, _ isTruncated: Bool) -> Void) -> Transfer {
        guard isReadable else { return .wouldBlock }
        let memory = DatagramBuffers.memory
        let datagrams = DatagramBuffers.datagrams
        let slot = min(max(options.largest, 1), memory.count)
        let slots = min(datagrams.count, memory.count / slot)
        guard let base = memory.baseAddress else { return .wouldBlock }
        let count = martlet_receive_datagrams(descriptor, base, slot, datagrams.baseAddress, Int32(slots))
        guard count >= 0 else {
            if count == -EAGAIN { isReadable = false }
            return count == -EAGAIN ? .wouldBlock : .failed(-count)
        }
        isReadable = Int(count) == slots
        var received = 0
        for index in 0..<Int(count) {
            let bytes = UnsafeRawBufferPointer(start: base + datagrams[index].offset, count: datagrams[index].count)
            let sender = datagrams[index].socketAddress
            let segment = max(1, datagrams[index].segment == 0 ? bytes.count : Int(datagrams[index].segment))
            var start = 0
            repeat {
                let end = min(start + segment, bytes.count)
                body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), sender, datagrams[index].is_truncated)
                received += 1
                start = end
            } while start < bytes.count
        }
        return .moved(received)
    }

    /// Waits until a receive may get on. For use with the one that does not suspend.
    ///
    /// - Throws: `CancellationError`; `DatagramError` when the socket is closed.
    public func waitUntilReadable() async throws {
        try check()
        if !isReadable { try await readers.wait(()) }
    }

    /// Makes sure that there is a datagram in `arrived`.
    private func fill() async throws {
        try check()
        while arrived.isEmpty {
            let transfer = receive { bytes, sender, isTruncated in
                arrived.append(Datagram([UInt8](bytes), from: sender, isTruncated: isTruncated))
            }
            switch transfer {
            case .moved: arrived.reverse()
            case .failed(let code): throw failure("receive at", nil, code: code)
            case .wouldBlock:
                try await readers.wait(())
                try check()
            }
        }
    }

    /// Others who wait get what is left.
    private func passOn() {
        if !arrived.isEmpty || isReadable { readers.answerFirst(()) }
    }
}
