import Glibc
import MartletHTTP

/// Whether and which proxy a client uses.
///
/// A proxy whose URL is `http://` or `https://` is told whole URLs of `http`, and makes tunnels for everything else
/// (CONNECT, RFC 9110 §9.3.6); one of `socks5://` or `socks5h://` makes tunnels (RFC 1928), and always resolves names
/// itself. A user and a password stand in the URL.
public nonisolated struct HTTPProxy: Hashable, Sendable {
    private enum Kind: Hashable {
        case none
        case url(String)
        case environment
    }

    private let kind: Kind

    static let schemes: Set = ["http", "https", "socks5", "socks5h"]

    /// No proxy.
    public static let none = HTTPProxy(kind: .none)
    /// What the environment says: `http_proxy` for `http` and `ws`, `https_proxy` for `https` and `wss`, else `all_proxy`,
    /// unless `no_proxy` names the host; all of them also in capital letters. In a CGI program, which HTTP_PROXY is set in
    /// by whoever sends a field Proxy, that one is ignored.
    ///
    /// `no_proxy` is a list with commas of names, which mean the hosts below them too, of addresses, and of ranges of
    /// addresses (`10.0.0.0/8`), names and addresses each perhaps with a port; `*` means all hosts.
    public static let environment = HTTPProxy(kind: .environment)

    /// A proxy by its URL: `http://user:password@proxy.example.org:3128`, `socks5://127.0.0.1:1080`.
    public static func http(_ url: String) -> HTTPProxy { HTTPProxy(kind: .url(url)) }

    /// A SOCKS 5 proxy by its URL: `socks5://user:password@proxy.example.org:1080`.
    public static func socks5(_ url: String) -> HTTPProxy { HTTPProxy(kind: .url(url)) }

    /// The URL of the proxy to use for `url`, not looked at closely; `nil` for none.
    func location(for url: HTTPURL, environment: (String) -> String? = Self.variable) -> String? {
        switch kind {
        case .none: return nil
        case .url(let location): return location
        case .environment:
            func value(_ name: String) -> String? {
                [name, name.uppercased()].lazy.compactMap(environment).first { !$0.isEmpty }
            }
            let name = url.isSecure ? "https_proxy" : "http_proxy"
            let isCGI = name == "http_proxy" && environment("REQUEST_METHOD") != nil
            let own = isCGI ? environment(name).flatMap { $0.isEmpty ? nil : $0 } : value(name)
            guard let location = own ?? value("all_proxy") else { return nil }
            if let exceptions = value("no_proxy"), Self.isExcepted(url, by: exceptions) { return nil }
            // Many leave the scheme out.
            return location.contains("://") ? location : "http://" + location
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func isExcepted(_ url: HTTPURL, by list: String) -> Bool {
        list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
            if entry == "*" { return true }
            if entry.utf8.contains(UInt8(ascii: "/")) {
                return AddressPrefix(String(entry))?.contains(url.host) ?? false
            }
            var name = entry
            var port: Substring?
            let colon = entry.lastIndex(of: ":")
            // Colons of an IPv6 address without brackets are its own.
            if let colon,
                entry.hasPrefix("[") ? entry[colon...].allSatisfy({ $0 != "]" }) : entry.firstIndex(of: ":") == colon
            {
                name = entry[..<colon]
                port = entry[entry.index(after: colon)...]
            }
            if let port, port != "\(url.port)" { return false }
            if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
            if name.hasPrefix("*") { name = name.dropFirst() }
            if name.hasPrefix(".") { name = name.dropFirst() }
            return !name.isEmpty && (url.host == name || url.host.hasSuffix("." + name))
        }
    }
}
