import Testing

@testable import MartletClient

@Suite("Public suffixes")
struct PublicSuffixesTests {
    private static let list = """
        // A comment, and an empty line:

        com
        uk
        co.uk  what follows is none of it
        *.ck
        !www.ck
        // ===BEGIN PRIVATE DOMAINS===
        github.io
        公司.cn
        個人.hk
        """

    nonisolated static let cases: [(String, Bool)] = [
        ("com", true), ("uk", true), ("unknown", true), ("example.com", false), ("co.uk", true),
        ("example.co.uk", false),
        ("ck", true), ("any.ck", true), ("www.ck", false), ("a.any.ck", false), ("github.io", true), ("io", true),
        ("me.github.io", false), ("xn--55qx5d.cn", true), ("a.xn--55qx5d.cn", false), ("xn--gmqw5a.hk", true),
    ]

    @Test("rules, wildcards and exceptions hold, names of other scripts as they are on the wire", arguments: cases)
    func rules(_ domain: String, _ isPublic: Bool) {
        #expect(PublicSuffixes(list: Self.list.utf8).contains(domain) == isPublic)
    }

    @Test("without a list, what registries of countries have in common is known")
    func withoutList() {
        let suffixes = PublicSuffixes(list: [])
        for domain in ["com", "co.uk", "com.au", "ac.jp", "gob.mx"] { #expect(suffixes.contains(domain), "\(domain)") }
        for domain in ["example.com", "example.co.uk", "co.example.uk", "bbc.uk", "co.org"] {
            #expect(!suffixes.contains(domain), "\(domain)")
        }
    }

    @Test("the machine's own list is read")
    func system() {
        for domain in ["co.uk", "github.io", "xn--55qx5d.cn", "any.compute.amazonaws.com"] {
            #expect(PublicSuffixes.system.contains(domain), "\(domain)")
        }
        #expect(PublicSuffixes.system.contains("anything.kawasaki.jp"))
        #expect(!PublicSuffixes.system.contains("city.kawasaki.jp"))
        #expect(!PublicSuffixes.system.contains("example.co.uk"))
    }

    // RFC 3492 §7.1, in lower case.
    @Test(
        "Punycode is RFC 3492's",
        arguments: [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"),
            ("bücher", "bcher-kva"), ("ü", "tda"),
        ])
    func punycode(_ text: String, _ encoded: String) {
        #expect(Punycode.domain("a.\(text).b") == "a.xn--\(encoded).b")
    }
}
