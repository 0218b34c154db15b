import ArgumentParser
import Glibc
import HTTPTypes
import MartletClient
import MartletDownloads
import MartletLoop
import MartletTLS

/// `martletctl fetch`: downloads files, and goes on where an earlier run has ended.
struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Download files; run again, it goes on where it was.",
        usage: "fetch [<options>] <url> ...",
        discussion: """
            Each URL becomes a file in the directory. What is not complete lies there as NAME.….part, beside a record of \
            what is there, and is used by the next run, whatever has ended this one.

            An input file has one URL on a line, perhaps followed by checksum=sha256:… and name=…; # begins a comment.

            Exit codes: 0 all files are there, 1 some are not (each is named with the reason), 2 usage, 130 interrupted.
            """)

    @Argument(help: ArgumentHelp("Where the files are.", valueName: "url"))
    var urls: [String] = []

    @Option(name: [.short, .long], help: ArgumentHelp("Where they go.", valueName: "path"))
    var directory = "."

    @Option(name: [.short, .long], help: ArgumentHelp("A file of URLs; - is standard input.", valueName: "path"))
    var input: String?

    @Option(name: [.short, .long], help: ArgumentHelp("What the file is called, when it is one.", valueName: "name"))
    var output: String?

    @Option(help: ArgumentHelp("What one file has to add up to: sha256:…, sha512:… or md5:….", valueName: "sum"))
    var checksum: String?

    @Option(name: [.customShort("j"), .long], help: "How many requests there are at once, 1 to 1000.")
    var concurrency = 8

    @Option(help: "How many of them at one host, 1 to 1000.")
    var perHost = 4

    @Option(help: "How many fetch one large file, 1 to 64.")
    var segments = 4

    @Option(help: ArgumentHelp("Bytes a second of all together, such as 500KiB or 2MiB.", valueName: "size"))
    var limitRate: String?

    @Option(name: [.customShort("H"), .long], help: ArgumentHelp("A field of the requests.", valueName: "name: value"))
    var header: [String] = []

    @Option(help: "How often one file may fail in a row until it is given up, 1 to 1000.")
    var retries = 5

    @Option(help: ArgumentHelp("How long a server may be silent.", valueName: "seconds"))
    var timeout = 30

    @Option(help: ArgumentHelp("The largest file that is fetched, such as 2GiB.", valueName: "size"))
    var maxSize: String?

    @Option(help: "What becomes of files that are there: keep, replace, number or fail.")
    var existing = DownloadOptions.Existing.keep

    @Option(
        name: .customLong("cacert"),
        help: ArgumentHelp("Certificates to trust, in place of the system's.", valueName: "path"))
    var certificates: String?

    @Flag(help: "Do not check servers' certificates.")
    var insecure = false

    @Flag(name: [.short, .long], help: "Print errors only.")
    var quiet = false

    func validate() throws {
        guard !urls.isEmpty || input != nil else { throw ValidationError("name a URL, or a file of URLs with --input") }
        try Self.check("--concurrency", concurrency, 1...1000)
        try Self.check("--per-host", perHost, 1...1000)
        try Self.check("--segments", segments, 1...64)
        try Self.check("--retries", retries, 1...1000)
        try Self.check("--timeout", timeout, 1...86_400)
        for (name, size) in [("--limit-rate", limitRate), ("--max-size", maxSize)] {
            guard let size else { continue }
            guard ByteCount(size).map({ $0.bytes > 0 }) == true else {
                throw ValidationError("\(name): expected \(ByteCount.forms), found \"\(size)\"")
            }
        }
        if let checksum, Checksum(checksum) == nil {
            throw ValidationError("--checksum: \"\(checksum)\" is none of sha256:…, sha512:… and md5:… with all digits")
        }
        if output != nil || checksum != nil, urls.count != 1 || input != nil {
            throw ValidationError("--output and --checksum are for one URL; an input file has them on its lines")
        }
        for line in header { _ = try Self.field(line) }
    }

    private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name): \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
    }

    private static func field(_ line: String) throws -> HTTPField {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else {
            throw ValidationError("--header: \"\(line)\" is not of the form \"Name: value\"")
        }
        return HTTPField(name: name, value: String(parts[1].drop { $0 == " " }))
    }

    /// What is behind `fetch`, where that is the first word: no subcommand for ArgumentParser, because the words of the
    /// control client's own verbs are arguments, and those it takes first.
    static func words(in arguments: [String]) -> [String]? {
        arguments.first == "fetch" ? Array(arguments.dropFirst()) : nil
    }

    /// Does what these words say, and returns the process's exit code.
    @MainActor
    static func run(_ words: [String]) async -> Int32 {
        do {
            return await (try parse(words)).fetch()
        } catch {
            return CommandLineReport.print(error, of: FetchCommand.self)
        }
    }

    // MARK: Fetching

    /// Downloads, and returns the process's exit code.
    @MainActor
    func fetch() async -> Int32 {
        do {
            let items = try await items()
            let client = HTTPClient(try await clientSettings())
            let downloads = client.download(items, to: directory, options: try options())
            let code = await FetchRun(downloads, isQuiet: quiet).run()
            await client.shutdown()
            return code
        } catch {
            StandardError.write("\(ProgramFacts.name): \(error)\n")
            return 2
        }
    }

    @MainActor
    private func items() async throws -> [DownloadItem] {
        var items = urls.map { DownloadItem($0, name: output, checksum: checksum.flatMap { Checksum($0) }) }
        if let input {
            let path = input == "-" ? "/dev/stdin" : input
            items += try FetchList.items(in: try await File.readText(path), path: input)
        }
        // Twice the same would be in each other's way.
        var seen = Set<String>()
        return items.filter { seen.insert("\($0.url)\n\($0.name ?? "")").inserted }
    }

    @MainActor
    private func options() throws -> DownloadOptions {
        var options = DownloadOptions()
        options.concurrency = concurrency
        options.concurrencyPerHost = perHost
        options.segments = segments
        options.attempts = retries
        options.existing = existing
        options.rateLimit = limitRate.flatMap { ByteCount($0) }.map { Int($0.bytes) }
        options.maximumSize = maxSize.flatMap { ByteCount($0) }.map { Int($0.bytes) }
        for line in header { options.fields.append(try Self.field(line)) }
        return options
    }

    @MainActor
    private func clientSettings() async throws -> HTTPClientSettings {
        var settings = HTTPClientSettings()
        settings.userAgent = "martletctl/\(MartletVersion.current)"
        settings.proxy = .environment
        settings.timeouts.firstByte = .seconds(timeout)
        settings.timeouts.betweenBytes = .seconds(timeout)
        settings.timeouts.connect = .seconds(timeout)
        settings.limits.connectionsPerOrigin = max(perHost, 1)
        if insecure { settings.tls.trust = .unverified }
        if let certificates {
            settings.tls.trust = try TLSTrust.roots(pem: try await File.read(certificates), source: certificates)
        }
        return settings
    }
}

extension DownloadOptions.Existing: ExpressibleByArgument {}
