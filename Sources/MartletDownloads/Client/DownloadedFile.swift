import MartletClient

/// A file that is there, complete.
public nonisolated struct DownloadedFile: Hashable, Sendable {
    /// The URL that was given, without user and password.
    public let url: String
    /// Where the file is.
    public let path: String
    /// How many bytes it has.
    public let size: Int
    /// How many of them came over the network this time: the others were there from before.
    public let received: Int
    /// Whether it was there already and nothing was fetched.
    public let wasThere: Bool
    /// Its checksum, if one was asked for: it has been compared.
    public let checksum: Checksum?
}
