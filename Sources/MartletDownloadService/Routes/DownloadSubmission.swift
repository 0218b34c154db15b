import MartletClient
import MartletDownloadPlan
import MartletDownloads
import MartletServer

/// What a client posts: `{"url": "…"}`, `{"urls": ["…", "…"]}` or `{"downloads": [{"url": "…", "name": "…"}]}`.
nonisolated struct DownloadSubmission: Codable, Sendable {
    /// One file.
    struct File: Codable, Sendable {
        var url: String
        var name: String?
        var checksum: String?
        var directory: String?
    }

    var url: String?
    var name: String?
    var checksum: String?
    var directory: String?
    var urls: [String]?
    var downloads: [File]?

    /// More in one request are refused.
    static let most = 1000
    private static let longestURL = 8192

    /// The jobs that are asked for.
    ///
    /// - Throws: `HTTPError` 422 with what is wrong with each, 403 when a host may not be asked.
    func jobs(_ settings: DownloadServiceSettings) throws(HTTPError) -> [NewJob] {
        var files = downloads ?? []
        if let url { files.append(File(url: url, name: name, checksum: checksum, directory: directory)) }
        for url in urls ?? [] { files.append(File(url: url, directory: directory)) }
        guard !files.isEmpty, files.count <= Self.most else {
            throw HTTPError(.unprocessableContent, "name 1 to \(Self.most) files in url, urls or downloads")
        }
        var faults: [HTTPError.Fault] = []
        var jobs: [NewJob] = []
        for (index, file) in files.enumerated() {
            do {
                jobs.append(try Self.job(file, settings))
            } catch {
                faults.append(.init(path: "\(index)", error.reason))
            }
        }
        guard faults.isEmpty else {
            throw HTTPError(.unprocessableContent, "some files cannot be fetched", faults: faults)
        }
        return jobs
    }

    private struct Unfit: Error {
        let reason: String
    }

    private static func job(_ file: File, _ settings: DownloadServiceSettings) throws(Unfit) -> NewJob {
        guard file.url.utf8.count <= longestURL else {
            throw Unfit(reason: "the URL is longer than \(longestURL) bytes")
        }
        let url: HTTPURL
        do {
            url = try HTTPURL(parsing: file.url)
        } catch {
            throw Unfit(reason: "\(HTTPURL.redacted(file.url)) is no URL: \(error.reason)")
        }
        guard url.scheme == "http" || url.scheme == "https" else {
            throw Unfit(reason: "\(url) is not of http or https")
        }
        // They would be kept, and shown to whoever asks.
        guard url.authorization == nil else { throw Unfit(reason: "\(url) has a user or password in it") }
        guard settings.allows(host: url.host) else { throw Unfit(reason: "the host \(url.host) may not be asked") }
        let checksum = file.checksum.map { Checksum($0) }
        if case .some(nil) = checksum { throw Unfit(reason: "the checksum is none of sha256:…, sha512:… and md5:…") }
        let directory = file.directory ?? settings.directory
        guard directory == settings.directory || settings.directories.contains(directory) else {
            throw Unfit(reason: "the directory is not one of those that files may go to")
        }
        return NewJob(
            url: "\(url)", host: url.host, name: file.name.map(DownloadName.safe), directory: directory,
            checksum: checksum??.description)
    }
}
