/// Why a stream cannot do what was asked of it. What the system refuses is a `SystemError`.
public nonisolated struct StreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The stream is closed on this side.
        public static let closed = Code(rawValue: 0)
        /// The peer sends nothing more, and less than was asked for has arrived.
        public static let endedEarly = Code(rawValue: 1)
        /// More than the limit has arrived without an end of what was asked for.
        public static let limitExceeded = Code(rawValue: 2)
        /// Another task reads from the stream.
        public static let readerBusy = Code(rawValue: 3)
        /// Another task waits for room to send.
        public static let writerBusy = Code(rawValue: 4)
        /// The stream is open for writing only.
        public static let notReadable = Code(rawValue: 5)
        /// The stream is open for reading only.
        public static let notWritable = Code(rawValue: 6)
        /// `finishWriting` was called before.
        public static let writingFinished = Code(rawValue: 7)
    }

    /// What went wrong.
    public let code: Code
    /// The other end, as far as it is known.
    public let peer: String?
    /// With `.endedEarly`, what had arrived before the end.
    public let received: [UInt8]
    /// With `.endedEarly` and `.limitExceeded`, how many bytes were asked for at least, or allowed at most.
    public let limit: Int

    init(_ code: Code, peer: String?, received: [UInt8] = [], limit: Int = 0) {
        self.code = code
        self.peer = peer
        self.received = received
        self.limit = limit
    }

    /// `the stream from 127.0.0.1:4711 ended after 3 of 8 bytes; …`
    public var description: String {
        let stream = "the stream" + (peer.map { " with \($0)" } ?? "")
        return switch code {
        case .closed: "\(stream) is closed; do not use it after close()"
        case .endedEarly where limit == 0: "\(stream) ended after \(received.count) bytes, before the delimiter"
        case .endedEarly: "\(stream) ended after \(received.count) of \(limit) bytes"
        case .limitExceeded:
            "\(stream) has more than \(limit) bytes where the limit is that; raise the limit or close it"
        case .readerBusy: "another task reads from \(stream); let one task read and hand on what it gets"
        case .writerBusy: "another task waits to send on \(stream); use write(), which takes turns"
        case .notReadable: "\(stream) is open for writing only"
        case .notWritable: "\(stream) is open for reading only"
        case .writingFinished: "\(stream) takes no more bytes; do not write after finishWriting()"
        default: "\(stream) failed"
        }
    }
}
