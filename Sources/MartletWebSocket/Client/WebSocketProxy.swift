import Glibc

/// Whether and which proxy a client uses: one that CONNECT makes a tunnel through (RFC 9110 §9.3.6).
public nonisolated struct WebSocketProxy: Hashable, Sendable {
    private enum Kind: Hashable {
        case none
        case http(String)
        case environment
    }

    private let kind: Kind

    /// No proxy.
    public static let none = WebSocketProxy(kind: .none)
    /// What the environment says: `http_proxy`, else `all_proxy`, unless `no_proxy` names the host; all of them also in
    /// capital letters. In a CGI program, which HTTP_PROXY is set in by whoever sends a field Proxy, that one is ignored.
    ///
    /// `no_proxy` is a list with commas of names, which mean the hosts below them too, and of addresses, each perhaps with
    /// a port; `*` means all hosts.
    public static let environment = WebSocketProxy(kind: .environment)

    /// A proxy by its URL: `http://user:password@proxy.example.org:3128`.
    public static func http(_ url: String) -> WebSocketProxy { WebSocketProxy(kind: .http(url)) }

    /// The URL of the proxy to use for `url`, not looked at closely; `nil` for none.
    func location(for url: ClientURL, environment: (String) -> String? = Self.variable) -> String? {
        switch kind {
        case .none: return nil
        case .http(let location): return location
        case .environment:
            func value(_ name: String) -> String? {
                [name, name.uppercased()].lazy.compactMap(environment).first { !$0.isEmpty }
            }
            let isCGI = environment("REQUEST_METHOD") != nil
            let own = isCGI ? environment("http_proxy").flatMap { $0.isEmpty ? nil : $0 } : value("http_proxy")
            guard let location = own ?? value("all_proxy") else { return nil }
            if let exceptions = value("no_proxy"), Self.isExcepted(url, by: exceptions) { return nil }
            // Many leave the scheme out.
            return location.contains("://") ? location : "http://" + location
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func isExcepted(_ url: ClientURL, by list: String) -> Bool {
        list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
            if entry == "*" { return true }
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
