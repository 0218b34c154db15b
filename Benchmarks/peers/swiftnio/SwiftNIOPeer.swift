import NIOCore
import NIOHTTP1
import NIOPosix

/// swiftnio-peer PORT: `/plaintext` on a bare SwiftNIO pipeline with one event loop, the fastest that NIO's own HTTP
/// codec serves.
@main
struct SwiftNIOPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2, let port = Int(arguments[1]) else { fatalError("usage: swiftnio-peer PORT") }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
                    try pipeline.addHandler(PlaintextHandler())
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        try await server.closeFuture.get()
    }
}

/// Answers every request with the same text; what a read has brought is answered in one write.
private final class PlaintextHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let body = ByteBuffer(string: "Hello, World!")
    private static let fields: HTTPHeaders = ["Server": "nio", "Content-Type": "text/plain", "Content-Length": "13"]

    private var isKeepAlive = true

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): isKeepAlive = head.isKeepAlive
        case .body: break
        case .end:
            var head = HTTPResponseHead(version: .http1_1, status: .ok, headers: Self.fields)
            if !isKeepAlive { head.headers.add(name: "Connection", value: "close") }
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil)
            let written = context.write(Self.wrapOutboundOut(.end(nil)))
            if !isKeepAlive {
                let channel = context.channel
                written.whenComplete { _ in channel.close(promise: nil) }
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
