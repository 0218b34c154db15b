import Glibc
import MartletClient
import MartletLoop

/// Goes through the pages of a site and checks every link on them, eight at a time:
///
///     link-checker http://127.0.0.1:8080/
///
/// Prints the links that are broken and where they stand, and exits with 1 when there are any.
@main
struct LinkChecker {
    static func main() async throws {
        guard CommandLine.arguments.count == 2, let start = try? HTTPURL(parsing: CommandLine.arguments[1]) else {
            print("usage: link-checker URL")
            exit(2)
        }
        let site = Site(start)
        try await site.check()
        await site.client.shutdown()
        for link in site.broken.sorted() { print(link) }
        print("\(site.checked) links on \(site.pages) pages, \(site.broken.count) broken")
        exit(site.broken.isEmpty ? 0 : 1)
    }
}

/// What is known of a site so far.
final class Site {
    let client: HTTPClient
    private(set) var broken: [String] = []
    private(set) var checked = 0
    private(set) var pages = 0

    private let start: HTTPURL
    private var seen: Set<HTTPURL> = []
    /// What is still to be looked at, and the page on which it stands.
    private var next: [(url: HTTPURL, page: HTTPURL?)] = []

    init(_ start: HTTPURL) {
        var settings = HTTPClientSettings()
        settings.timeouts.total = .seconds(20)
        settings.retries = HTTPRetries(attempts: 2)
        settings.limits.collectedBody = 4 << 20
        client = HTTPClient(settings)
        self.start = start
        add(start, on: nil)
    }

    deinit {}

    func check() async throws {
        while !next.isEmpty {
            let links = next
            next = []
            try await gather(links, limit: 8) { link in await self.check(link.url, on: link.page) }
        }
    }

    private func add(_ url: HTTPURL, on page: HTTPURL?) {
        if seen.insert(url).inserted { next.append((url, page)) }
    }

    private func check(_ url: HTTPURL, on page: HTTPURL?) async {
        checked += 1
        do {
            // Other sites are only asked whether it is there.
            guard url.hasSameOrigin(as: start) else { return try await ask(url) }
            let response = try await client.get(url).requireSuccess()
            guard response[.contentType]?.hasPrefix("text/html") == true else { return response.cancel() }
            pages += 1
            for reference in Links.find(in: try await response.text()) {
                do { add(try response.url.resolving(reference), on: url) } catch {
                    if !Links.isOtherScheme(reference) { broken.append("\(url): \"\(reference)\": \(error)") }
                }
            }
        } catch {
            broken.append("\(page.map { "\($0): " } ?? "")\(error)")
        }
    }

    private func ask(_ url: HTTPURL) async throws {
        let response = try await client.head(url)
        // Some servers know no HEAD.
        if response.code == 405 || response.code == 501 {
            try await client.get(url).requireSuccess().cancel()
        } else {
            try await response.requireSuccess()
        }
    }
}
