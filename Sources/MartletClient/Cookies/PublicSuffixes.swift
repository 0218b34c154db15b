import Glibc

/// The domains below which anybody may register names, so that no cookie is shared in them: RFC 6265 §5.3, step 5.
///
/// The rules are those of publicsuffix.org. They change every week and do not belong into a program, so they are read at run
/// time, from where the distribution's package `publicsuffix` keeps them up to date. (libpsl would ask the same file, or an
/// older copy compiled into it, and bring two libraries of Unicode tables into every worker.) Where the package is missing, a
/// rule of thumb takes its place, which knows `co.uk` and its like.
nonisolated struct PublicSuffixes {
    private let rules: Set<String>

    /// Those of this machine, read when they are first needed.
    static let system =
        PublicSuffixes(file: "/usr/share/publicsuffix/public_suffix_list.dat") ?? PublicSuffixes(rules: [])

    /// What registries of countries call the levels below which they register.
    private static let registries: Set<String> = [
        "ac", "co", "com", "edu", "go", "gob", "gov", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch",
    ]

    private init(rules: Set<String>) {
        self.rules = rules
    }

    /// Reads the list as it is published: a rule on a line, up to the first space, and comments that begin with `//`. Names in
    /// other scripts are kept as they are on the wire.
    init(list: some Sequence<UInt8>) {
        var rules: Set<String> = []
        for line in list.split(separator: UInt8(ascii: "\n")) {
            let rule = line.prefix { $0 > 0x20 }
            guard !rule.isEmpty, !rule.starts(with: [0x2F, 0x2F]) else { continue }
            let text = String(decoding: rule, as: UTF8.self)
            rules.insert(rule.allSatisfy { $0 < 0x80 } ? text : Punycode.domain(text))
        }
        self.init(rules: rules)
    }

    private init?(file path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var list: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // It has a quarter of a megabyte.
        while list.count < 8 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            list += buffer[..<count]
        }
        self.init(list: list)
        guard !rules.isEmpty else { return nil }
    }

    /// Whether a domain, in lower case, is one of them. A name of one label always is.
    func contains(_ domain: String) -> Bool {
        guard let dot = domain.firstIndex(of: ".") else { return true }
        let parent = domain[domain.index(after: dot)...]
        guard !rules.isEmpty else {
            return parent.utf8.count == 2 && Self.registries.contains(String(domain[..<dot]))
        }
        if rules.contains("!" + domain) { return false }
        return rules.contains(domain) || rules.contains("*." + parent)
    }
}
