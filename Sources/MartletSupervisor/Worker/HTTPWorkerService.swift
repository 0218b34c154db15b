import MartletLoop
import MartletNet
import MartletServer

/// Serves a worker's sockets with an HTTP server.
public final class HTTPWorkerService: WorkerService {
    /// The server.
    public let server: HTTPServer
    /// Called once when the last connection has ended after `drain`.
    public var onDrained: (() -> Void)?
    /// Called once when the application says that the worker cannot go on.
    public var onFailure: ((String) -> Void)? {
        get { server.worker.onFailure }
        set { server.worker.onFailure = newValue }
    }

    private let proxied: Set<String>
    private let tls: (any WorkerTLS)?

    /// A service for a server that has no listeners of its own.
    ///
    /// - Parameters:
    ///   - server: the server.
    ///   - proxied: the names of listeners whose connections begin with a header of the PROXY protocol.
    ///   - tls: the TLS of listeners; `nil` when none has any.
    public init(server: HTTPServer, proxied: Set<String> = [], tls: (any WorkerTLS)? = nil) {
        self.server = server
        self.proxied = proxied
        self.tls = tls
        server.onDrained = { [unowned self] in
            Task {
                await self.server.worker.finish()
                self.onDrained?()
            }
        }
    }

    /// Accepts from further sockets.
    public func accept(from listeners: [WorkerListener]) throws {
        for listener in listeners {
            let address = SocketAddress.local(of: listener.descriptor) ?? .any(port: 0)
            try server.listen(
                on: ListeningSocket(descriptor: listener.descriptor, address: address),
                proxyProtocol: proxied.contains(listener.name), tls: tls?.context(forListener: listener.name))
        }
    }

    /// Stops accepting from sockets.
    public func leave(_ listeners: [WorkerListener]) {
        for listener in listeners { server.stopListening(on: listener.descriptor) }
    }

    /// Makes other certificates ready.
    public func prepareTLS(_ material: [UInt8]) throws {
        try tls?.prepare(material)
    }

    /// Uses them for the handshakes from here on.
    public func usePreparedTLS() throws {
        try tls?.usePrepared()
    }

    /// Encrypts session tickets with other keys.
    public func use(_ keys: TicketKeyMemory.Keys) {
        tls?.use(keys)
    }

    /// Stops accepting; every connection ends after its next response. Drained it is when the application's background
    /// work and stop hooks are done as well.
    public func drain() {
        server.drain()
    }

    /// Cuts all connections, cancels the application's background work and calls its stop hooks.
    public func stop() async {
        server.abort()
        server.worker.cancelWork()
        await server.worker.finish()
    }
}
