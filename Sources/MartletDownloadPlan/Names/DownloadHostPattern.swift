/// Hosts that may be asked: `example.org`, `*.example.org` (every name below it, not itself), or `*`.
public struct DownloadHostPattern: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: Hashable {
        case all
        case exactly(String)
        case below(String)
    }

    private let kind: Kind

    /// Reads a pattern; `nil` when it is none.
    public init?(_ text: String) {
        if text == "*" {
            kind = .all
            return
        }
        let text = Self.canonical(text)
        // One final dot is the root's; what is behind a second one is no name.
        if text == "*" || text.hasSuffix(".") {
            return nil
        } else if text.hasPrefix("*.") {
            let suffix = String(text.dropFirst(2))
            guard Self.isName(suffix) else { return nil }
            kind = .below("." + suffix)
        } else {
            // Colons are in IPv6 addresses.
            guard Self.isName(text) || (text.contains(":") && text.utf8.allSatisfy(Self.isAddressByte)) else {
                return nil
            }
            kind = .exactly(text)
        }
    }

    /// Whether it is a host that may be asked. Letters' case and a final dot make no difference.
    public func matches(_ host: String) -> Bool {
        let host = Self.canonical(host)
        return switch kind {
        case .all: true
        case .exactly(let name): host == name
        case .below(let suffix): host.hasSuffix(suffix) && host.utf8.count > suffix.utf8.count
        }
    }

    /// The pattern, in small letters.
    public var description: String {
        switch kind {
        case .all: "*"
        case .exactly(let name): name
        case .below(let suffix): "*" + suffix
        }
    }

    private static func canonical(_ host: String) -> String {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix("."), name.utf8.count > 1 { name.removeLast() }
        return name
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253 && !text.hasPrefix(".") && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "-._".utf8.contains(byte)
            }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        (0x61...0x66).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x3A || byte == 0x2E
    }
}
