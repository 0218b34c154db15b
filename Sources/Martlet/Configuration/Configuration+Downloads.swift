import MartletDownloadPlan
import MartletDownloadService
import MartletHTTP

nonisolated extension Configuration.Route {
    /// What the route's download service may do; `nil` when it has none.
    public var downloadSettings: DownloadServiceSettings? {
        guard let downloads else { return nil }
        var settings = DownloadServiceSettings(
            directory: downloads, hosts: hosts.compactMap { DownloadHostPattern($0) },
            database: database.isEmpty ? nil : database)
        settings.directories = directories
        settings.networks = networks.compactMap { AddressPrefix($0) }
        settings.allowsPrivate = allowsPrivate
        settings.concurrency = running
        settings.concurrencyPerHost = runningPerHost
        settings.segments = segments
        settings.waiting = waiting
        settings.jobs = jobs
        settings.fileSize = Int(fileSize.bytes)
        settings.totalSize = Int(totalSize.bytes)
        settings.rateLimit = rateLimit.bytes > 0 ? Int(rateLimit.bytes) : nil
        return settings
    }
}
