import CMartlet
import Glibc
import MartletLoop

/// A socket that sends datagrams to one Unix address without ever waiting: to systemd, to the journal.
nonisolated struct DatagramSocket: Sendable {
    /// Where the datagrams go: a path, or an abstract name behind `@`.
    let path: String
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// Opens a socket; whether anybody listens at the path shows at the first datagram.
    init(to path: String) throws(SystemError) {
        let operation = "open a datagram socket to"
        var name = Array(path.utf8)
        let isAbstract = name.first == UInt8(ascii: "@")
        var address = sockaddr_un()
        guard isAbstract || name.first == UInt8(ascii: "/"), name.count > 1 else {
            throw SystemError(
                operation, target: path, code: EAFNOSUPPORT, advice: "expected an absolute path, or @ and a name")
        }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(operation, target: path, code: ENAMETOOLONG)
        }
        if isAbstract { name[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(operation, target: path) }
        self.path = path
        self.address = address
        // An abstract name ends with its last byte, a path with a zero (man 7 unix).
        length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (isAbstract ? 0 : 1))
    }

    /// Sends one datagram; returns 0, or the error number: `EAGAIN` when the receiver's queue is full.
    func send(_ bytes: [UInt8]) -> Int32 {
        var address = address
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
            }
        }
        return sent < 0 ? errno : 0
    }

    func close() {
        Glibc.close(descriptor)
    }
}
