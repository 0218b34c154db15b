import MartletDownloadPlan
import MartletHTTP
import Testing

@Suite struct NameTests {
    @Test(
        "what a server suggests becomes a name that surprises nobody",
        arguments: [
            ("report.pdf", "report.pdf"), ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"),
            ("/", "download"), ("", "download"), (".", "download"), ("..", "download"), ("...", "download"),
            (".bashrc", "bashrc"), (" . .x ", "x"), ("-rf", "_-rf"), ("a\u{0}b\n\u{1B}[31mc", "ab[31mc"),
            ("exe\u{202E}gpj.exe", "exegpj.exe"), ("a:b|c?", "a_b_c_"), ("CON", "_CON"), ("nul.txt", "_nul.txt"),
            ("com1.tar.gz", "_com1.tar.gz"), ("com0", "com0"), ("a.part", "a.part_"), ("a.part.json", "a.part.json_"),
            ("trailing. ", "trailing"), ("größe.txt", "größe.txt"), ("日本語.zip", "日本語.zip"),
        ])
    func safe(suggestion: String, expected: String) {
        #expect(DownloadName.safe(suggestion) == expected)
    }

    @Test("a long name is cut in front of its ending, between characters") func long() {
        let name = DownloadName.safe(String(repeating: "ü", count: 300) + ".tar.gz")
        #expect(name.hasSuffix("ü.tar.gz") && name.utf8.count <= DownloadName.longest)
        #expect(name.utf8.count >= DownloadName.longest - 1)
        #expect(
            DownloadName.safe(String(repeating: "x", count: 300) + "." + String(repeating: "y", count: 250)).count
                == 200)
        // One character of many scalars.
        #expect(DownloadName.safe("a" + String(repeating: "\u{301}", count: 500)).utf8.count <= DownloadName.longest)
    }

    @Test(
        "the target of a URL has the name in its last part",
        arguments: [
            ("/pub/a.iso", "a.iso"), ("/a%20b.iso?x=/y", "a b.iso"), ("/", "index.html"), ("/dir/", "index.html"),
            ("/%2e%2e%2f%2e%2e%2fpasswd", "passwd"), ("/%FF%FE", "%FF%FE"), ("/a%00b", "a%00b"), ("/x%", "x%"),
        ])
    func target(target: String, expected: String) {
        #expect(DownloadName.ofTarget(target) == expected)
    }

    @Test(
        "a number goes before the ending",
        arguments: [("a.iso", "a-1.iso"), ("a.tar.gz", "a-1.tar.gz"), ("a", "a-1"), ("a.b.c", "a.b-1.c")])
    func numbered(name: String, expected: String) {
        #expect(DownloadName.numbered(name, 1) == expected)
    }

    @Test(
        "Content-Disposition is read as servers write it",
        arguments: [
            ("attachment; filename=\"a b.pdf\"", "a b.pdf"), ("attachment; filename=a b.pdf", "a b.pdf"),
            ("ATTACHMENT;FILENAME=x.zip;size=5", "x.zip"), ("inline", nil), ("attachment; filename=\"\"", nil),
            ("attachment; filename=\"e.txt\"; filename*=UTF-8''%e2%82%ac.txt", "€.txt"),
            ("attachment; filename*=UTF-8''%e2%82%ac.txt; filename=e.txt", "€.txt"),
            ("attachment; filename*=iso-8859-1'en'%A3.txt", "£.txt"),
            ("attachment; filename*=UTF-8''%ff; filename=fine.txt", "fine.txt"),
            ("attachment; filename*=utf-7''x; filename=fine.txt", "fine.txt"),
            ("attachment; filename=\"..\\\\..\\\\evil\"", "evil"), ("attachment; filename=/etc/passwd", "passwd"),
            ("attachment; filename=\"a\\\"b\"", "a\"b"), ("attachment; filename=one; filename=two", "one"),
            ("attachment; filename=a/\r", nil), ("attachment; filename=a/\u{301}b", "\u{301}b"),
            ("attachment; =x; filename=ok", "ok"), ("form-data; name=x; filename=y", "y"),
        ] as [(String, String?)])
    func disposition(field: String, expected: String?) throws {
        #expect(try #require(ContentDisposition(field)).filename == expected)
    }

    @Test("a value of Content-Disposition without a kind is none", arguments: ["", ";filename=a", "\"x\""])
    func noDisposition(field: String) {
        #expect(ContentDisposition(field) == nil)
    }

    @Test(
        "hosts are matched by name and by what they are below",
        arguments: [
            ("*", "anything", true), ("example.org", "EXAMPLE.org.", true), ("example.org", "www.example.org", false),
            ("*.example.org", "a.b.example.org", true), ("*.example.org", "example.org", false),
            ("*.example.org", "badexample.org", false), ("127.0.0.1", "127.0.0.1", true), ("[::1]", "::1", true),
            ("::1", "::1", true),
        ])
    func hosts(pattern: String, host: String, expected: Bool) throws {
        #expect(try #require(DownloadHostPattern(pattern)).matches(host) == expected)
    }

    @Test(
        "what is no pattern of hosts is refused",
        arguments: ["", "a b", "*.", "**", "a.*", "http://x", "x/y", "a..b", "a..", "a:.."])
    func noHost(pattern: String) {
        #expect(DownloadHostPattern(pattern) == nil)
    }
}
