import MartletClient
import MartletLoop

/// Why a file was not downloaded: which one, what happened, and what below it.
public nonisolated struct DownloadError: Error, Sendable {
    /// What went wrong. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The URL is none, or of a scheme that is not fetched.
        public static let invalidURL = Code(rawValue: "invalid-url")
        /// ``DownloadOptions/allowsHost`` or the client's `allowsAddress` refuses the host or all of its addresses.
        public static let refused = Code(rawValue: "refused")
        /// The server answered with another status than a file comes with.
        public static let status = Code(rawValue: "status")
        /// The server cannot be reached, or the connection broke too often.
        public static let network = Code(rawValue: "network")
        /// The server sends redirects that are not followed.
        public static let redirect = Code(rawValue: "redirect")
        /// The file has more bytes than it may.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The file system has no room for it.
        public static let noSpace = Code(rawValue: "no-space")
        /// The bytes do not add up to the checksum.
        public static let checksum = Code(rawValue: "checksum")
        /// The file on the server changes again and again.
        public static let changed = Code(rawValue: "changed")
        /// A file of the name is there, and is to stay.
        public static let exists = Code(rawValue: "exists")
        /// Another download is at the same file.
        public static let busy = Code(rawValue: "busy")
        /// A file or directory cannot be written.
        public static let file = Code(rawValue: "file")
        /// It was cancelled; what is there is used the next time.
        public static let cancelled = Code(rawValue: "cancelled")
    }

    /// What went wrong.
    public let code: Code
    /// The URL, without user and password.
    public let url: String
    /// What has happened, for a person.
    public let reason: String
    /// The status of the server's answer, where that is the reason.
    public var status: Int?
    /// What was thrown below: a `HTTPClientError`, a `SystemError`.
    public var cause: (any Error)?

    package init(_ code: Code, url: String, _ reason: String, status: Int? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.url = url
        self.reason = reason
        self.status = status
        self.cause = cause
    }
}

nonisolated extension DownloadError: CustomStringConvertible {
    /// `http://example.org/a.iso: the server answers with 404 Not Found`
    public var description: String { "\(url): \(reason)" }
}
