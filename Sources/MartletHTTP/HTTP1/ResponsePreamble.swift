/// What every response of a second begins with, made once and copied: `HTTP/1.1 200 OK`, Server and Date.
///
///     preamble.refresh(unixTime: now)          // once a tick: does nothing until the second changes
///     HTTP1ResponseHead(status: 200, …).append(to: &output, preamble: &preamble)
///
/// Most responses of a server are 200, of one type and of known length: what these begin with, up to the digits of the
/// length, is kept as well.
public struct ResponsePreamble: ~Copyable {
    private var bytes = ByteBuffer(capacity: 256)
    /// Where the fields begin behind the status line of 200.
    private var fieldsStart = 0
    /// The same as `bytes`, and behind it Content-Type with `contentType` and the name Content-Length; empty when it has
    /// to be made anew.
    private var typed = ByteBuffer(capacity: 256)
    private var contentType = ""
    private let server: String
    private var unixTime: Int64

    /// A preamble for the given second. Its Server field is left out when `server` is empty.
    public init(server: String = "martlet", unixTime: Int64) {
        self.server = server
        self.unixTime = unixTime
        build()
    }

    /// Makes the preamble anew if `unixTime`, in seconds, is another than before.
    @inline(__always)
    public mutating func refresh(unixTime: Int64) {
        if unixTime == self.unixTime { return }
        self.unixTime = unixTime
        build()
    }

    private mutating func build() {
        bytes.removeAll()
        typed.removeAll()
        StatusLine.append(200, to: &bytes)
        fieldsStart = bytes.count
        if !server.isEmpty {
            bytes.append("Server: ")
            bytes.append(fieldValue: server)
            bytes.append("\r\n")
        }
        bytes.append("Date: ")
        HTTPDate(unixTime: unixTime).append(to: &bytes)
        bytes.append("\r\n")
    }

    /// Appends everything of a 200 response up to the digits of Content-Length: one copy, unless the response before it
    /// had another type.
    mutating func appendOK(contentType: String, to output: inout ByteBuffer) {
        if typed.isEmpty || contentType != self.contentType { build(contentType) }
        output.append(contentsOf: typed.readableBytes)
    }

    private mutating func build(_ contentType: String) {
        self.contentType = contentType
        typed.removeAll(keepingCapacityUpTo: 1024)
        typed.append(contentsOf: bytes)
        typed.append(contentType: contentType)
        typed.append("Content-Length: ")
    }

    /// Appends status line, Server and Date: for 200 one copy.
    func append(status: Int, to output: inout ByteBuffer) {
        let all = bytes.readableBytes
        if status == 200 {
            output.append(contentsOf: all)
        } else {
            StatusLine.append(status, to: &output)
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: all[fieldsStart...]))
        }
    }
}
