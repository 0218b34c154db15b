import MartletLoop
import MartletNet
import MartletServer

/// The server under test, and the ways to it.
final class TestHost {
    let server: HTTPServer
    private let mode: TestMode
    private var address: SocketAddress?
    private var proxiedAddress: SocketAddress?
    private var transports: [any TestTransport] = []

    init(_ server: HTTPServer, _ mode: TestMode) {
        self.server = server
        self.mode = mode
    }

    deinit {}

    /// A connection for one request.
    ///
    /// - Parameter peer: the address that it is to come from; `nil`: whichever.
    func connect(from peer: SocketAddress?) async throws -> any TestTransport {
        let transport: any TestTransport =
            switch mode {
            case .inProcess: InProcessTransport(server, from: peer ?? "127.0.0.1:49152")
            case .live: try await LiveTransport.connect(to: listen(forProxy: peer != nil), from: peer)
            }
        transports.append(transport)
        return transport
    }

    /// The address of the listener, which is opened when it is first needed. Another one has clients' addresses told by
    /// the PROXY protocol, as nobody can connect from an address that is not this machine's.
    private func listen(forProxy: Bool) throws -> SocketAddress {
        if let known = forProxy ? proxiedAddress : address { return known }
        let socket = try ListeningSocket.bind("127.0.0.1:0", options: ListenOptions())
        do {
            try server.listen(on: socket, proxyProtocol: forProxy)
        } catch {
            socket.close()
            throw error
        }
        if forProxy { proxiedAddress = socket.address } else { address = socket.address }
        return socket.address
    }

    func forget(_ transport: any TestTransport) {
        transports.removeAll { $0 === transport }
    }

    /// Cuts what is under way, and ends the worker.
    func end() async {
        for transport in transports {
            transport.cut()
            await transport.waitUntilOver()
        }
        transports = []
        let drained = Event()
        server.onDrained = { drained.set() }
        server.drain()
        // Whoever cancels the test does not want to wait, and the worker is ended all the same.
        try? await drained.wait()
        await server.worker.finish()
    }
}
