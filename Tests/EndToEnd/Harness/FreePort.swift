import Glibc

/// TCP ports of 127.0.0.1 for daemons under test.
enum FreePort {
    /// A port that nobody has now, outside the range from which the kernel gives ports to clients: between this and the
    /// daemon's bind only another test could take it.
    static func choose() throws -> UInt16 {
        for _ in 0..<100 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            if let port = try? Loopback.bind(descriptor, port: .random(in: 20000..<32000)) { return port }
        }
        throw Failure("no free port among 100 tried on 127.0.0.1")
    }
}
