import Glibc
import MartletLoop

/// One attempt to connect to one address, without blocking (man 2 connect).
enum ConnectAttempt {
    /// A Unix socket whose queue is full is tried again, at first after so long, and less and less often.
    private static let firstRetry: Duration = .milliseconds(1)
    private static let longestRetry: Duration = .milliseconds(64)

    static func stream(to address: SocketAddress, options: ConnectOptions) async throws -> ByteStream {
        var retry = firstRetry
        while true {
            let descriptor = try socket(for: address, options: options)
            let code = address.withSystemAddress { Glibc.connect(descriptor, $0, $1) == 0 ? 0 : errno }
            switch code {
            case 0:
                return try adopt(descriptor, address)
            case EINPROGRESS, EINTR:
                let stream = try adopt(descriptor, address)
                try await established(stream, address)
                return stream
            case EAGAIN where address.isUnix:
                close(descriptor)
                try await Task.sleep(for: retry)
                retry = min(retry * 2, longestRetry)
            default:
                close(descriptor)
                throw failure(address, code: code)
            }
        }
    }

    private static func established(_ stream: ByteStream, _ address: SocketAddress) async throws {
        stream.isWritable = false
        stream.isReadable = false
        do {
            try await stream.waitUntilWritable()
            let code = SocketOptions.pendingError(of: stream.descriptor)
            guard code == 0 else { throw failure(address, code: code) }
        } catch {
            stream.close()
            throw error
        }
    }

    private static func adopt(_ descriptor: Int32, _ address: SocketAddress) throws(SystemError) -> ByteStream {
        do throws(SystemError) {
            let stream = try ByteStream(descriptor: descriptor)
            stream.knownPeer = address
            return stream
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func socket(for address: SocketAddress, options: ConnectOptions) throws(SystemError) -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(address.family, flags, 0)
        guard descriptor >= 0 else { throw failure(address, code: errno) }
        SocketOptions.apply(options, to: descriptor, address: address)
        guard let local = options.localAddress, local.withSystemAddress({ bind(descriptor, $0, $1) }) != 0 else {
            return descriptor
        }
        let error = SystemError("connect from", target: "\(local)")
        close(descriptor)
        throw error
    }

    private static func failure(_ address: SocketAddress, code: Int32) -> SystemError {
        let advice: String? =
            switch code {
            case ECONNREFUSED where address.isUnix: "nobody listens on it: start the server"
            case ECONNREFUSED: "nobody listens on that port: start the server or check the port"
            case ENOENT where address.isUnix: "there is no such socket: start the server or check the path"
            case EACCES where address.isUnix: "this user may not write to the socket"
            case EADDRNOTAVAIL: "all local ports for it are taken, or the local address is not this machine's"
            case EMFILE, ENFILE: "raise the limit of open files (LimitNOFILE, ulimit -n)"
            default: nil
            }
        return SystemError("connect to", target: "\(address)", code: code, advice: advice)
    }
}
