/// Fuzzes what a client keeps of Set-Cookie: whatever servers send, reading it ends, the jar stays within its bounds, and what it
/// gives out is one line that belongs to the host that asks. Each line of the input is a URL, or a field of the URL before it.
/// Compiled into one module with the client's sources, which `sources` lists.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSetCookie(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    let jar = CookieJar { 1_700_000_000 }
    guard var url = try? HTTPURL(parsing: "https://a.example.org/x/y") else { fatalError("a URL is none") }
    for line in input.split(separator: 0x0A) {
        let text = String(decoding: line, as: UTF8.self)
        if let next = try? HTTPURL(parsing: text) {
            url = next
            guard (try? HTTPURL(parsing: "\(url)")) != nil else {
                fatalError("a URL is not read again as it is written")
            }
        } else if let next = text.hasPrefix("/") ? try? url.resolving(text) : nil {
            guard next.host == url.host || text.hasPrefix("//") else { fatalError("a path leads to another host") }
            url = next
        } else {
            // A cookie that takes another's place takes its place in the order, too: so it need not be the last one.
            let before = Set(jar.entries)
            jar.set(text, from: url)
            for entry in jar.entries where !before.contains(entry) {
                guard entry.domain != url.host, !url.host.hasSuffix("." + entry.domain) else { continue }
                fatalError("\(url.host) has set a cookie for \(entry.domain)")
            }
        }
        if let value = jar.value(for: url), value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
            fatalError("a control character gets into Cookie")
        }
    }
    return 0
}
