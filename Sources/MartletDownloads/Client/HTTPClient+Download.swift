import MartletClient

extension HTTPClient {
    /// Fetches files into a directory, several at once, and goes on where an earlier attempt has ended.
    ///
    /// ```swift
    /// let downloads = client.download(["https://example.org/a.iso", "https://example.net/b.iso"], to: "/srv/mirror")
    /// for await progress in downloads.progress { print(progress.bytes, progress.rate) }
    /// let files = try await downloads.files()
    /// ```
    ///
    /// It begins at once, in the background. A file that is not complete lies beside its place as `NAME.….part`, with a
    /// record of what is there; a second call, after whatever has ended the first one, uses both. A file under its own
    /// name is complete, has its checksum, and survives a power failure.
    ///
    /// - Parameters:
    ///   - items: what to fetch.
    ///   - directory: where to; it is created if it is not there.
    ///   - options: how.
    /// - Returns: a handle. Nothing is cancelled when it goes away.
    public func download(
        _ items: [DownloadItem], to directory: String, options: DownloadOptions = DownloadOptions()
    ) -> Downloads {
        Downloads(items, to: directory, options: options, client: self)
    }

    /// Fetches the files at URLs: see `download(_:to:options:)` for items.
    public func download(
        _ urls: [String], to directory: String, options: DownloadOptions = DownloadOptions()
    ) -> Downloads {
        download(urls.map { DownloadItem($0) }, to: directory, options: options)
    }

    /// Fetches one file and waits for it. Cancelling the task cancels the download, which can be taken up again.
    ///
    /// - Throws: `DownloadError`; `CancellationError`.
    public func download(
        _ item: DownloadItem, to directory: String, options: DownloadOptions = DownloadOptions()
    ) async throws -> DownloadedFile {
        let files = try await download([item], to: directory, options: options).files()
        return files[0]
    }
}
