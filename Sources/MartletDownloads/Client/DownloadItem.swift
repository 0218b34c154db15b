import HTTPTypes
import MartletClient

/// A file to fetch.
public nonisolated struct DownloadItem: Sendable {
    /// Where it is, `http` or `https`, as text: what is no URL is told in the file's result.
    public var url: String
    /// What it is called in the directory; as the server and the URL say, unless set. Made harmless like those.
    public var name: String?
    /// What its bytes have to add up to.
    public var checksum: Checksum?
    /// Fields of the requests, beside those of the options. Authorization and Cookie are for the URL's own origin alone.
    public var fields = HTTPFields()

    /// A file.
    public init(_ url: String, name: String? = nil, checksum: Checksum? = nil) {
        self.url = url
        self.name = name
        self.checksum = checksum
    }
}

nonisolated extension DownloadItem: ExpressibleByStringLiteral {
    /// The file at a URL.
    public init(stringLiteral url: String) {
        self.init(url)
    }
}
