/// What every response of a second begins with, made once and copied: `HTTP/1.1 200 OK`, Server and Date.
///
///     preamble.refresh(unixTime: now)          // once a tick: does nothing until the second changes
///     HTTP1ResponseHead(status: 200, …).append(to: &output, preamble: preamble)
public struct ResponsePreamble: ~Copyable {
    private var bytes = ByteBuffer(capacity: 256)
    /// Where the fields begin behind the status line of 200.
    private var fieldsStart = 0
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
