import Glibc
import MartletLoop

/// Ports on 127.0.0.1 for servers that have to know each other's before they start, and keep them over a restart.
enum GroupPorts {
    private static var given: Set<UInt16> = []

    /// Ports that nobody has now, outside the range from which the kernel gives ports to clients: only another test could
    /// take one of them.
    static func choose(_ count: Int) throws -> [UInt16] {
        var ports: [UInt16] = []
        for _ in 0..<1000 where ports.count < count {
            let port = UInt16.random(in: 20000..<32000)
            guard given.insert(port).inserted, isFree(port) else { continue }
            ports.append(port)
        }
        guard ports.count == count else { throw GroupFailure("no \(count) free ports on 127.0.0.1") }
        return ports
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
