import Testing

@testable import Martlet

@Suite("TOML")
nonisolated struct TOMLParserTests {
    private func parse(_ text: String) throws(TOMLError) -> TOMLTable { try TOMLParser.parse(Array(text.utf8)) }

    /// A value in a form that can be compared: types are told apart, and keys are sorted.
    private func show(_ value: TOMLValue) -> String {
        switch value {
        case .string(let text): text.debugDescription
        case .integer(let number): "\(number)"
        case .float(let number): "float \(number)"
        case .boolean(let value): "\(value)"
        case .dateTime(let text): "date \(text)"
        case .array(let array): "[" + array.elements.map { show($0.value) }.joined(separator: ", ") + "]"
        case .table(let table): show(table)
        }
    }

    private func show(_ table: TOMLTable) -> String {
        let entries = table.keys.sorted().map { key in "\(key): \(table[key].map { show($0.value) } ?? "")" }
        return "{" + entries.joined(separator: ", ") + "}"
    }

    @Test(
        "valid documents",
        arguments: [
            ("", "{}"), ("# only a comment", "{}"), ("\u{FEFF}a = 1", "{a: 1}"), ("a = 1\r\nb = 2\r\n", "{a: 1, b: 2}"),
            ("a=1# comment\n\t b\t=\t2 ", "{a: 1, b: 2}"),
            ("a = [ # x\n 1,\n 2, # y\n]\n", "{a: [1, 2]}"),
            ("a = [[1, 2], ['x'], {b = 1}]", "{a: [[1, 2], [\"x\"], {b: 1}]}"),
            ("a = {}\nb = {c = 1, d.e = 'x', d.f = {}}", "{a: {}, b: {c: 1, d: {e: \"x\", f: {}}}}"),
            ("a.b.c = 1\na.b.d = 2\na . \"x.y\" . 'z w' = 3", "{a: {b: {c: 1, d: 2}, x.y: {z w: 3}}}"),
            ("1 = 1\n-_ = 2\n\"\" = 3\n'é' = 4", "{: 3, -_: 2, 1: 1, é: 4}"),
            ("[a]\nx = 1\n[b]\nx = 2\n[a.c]\n[ d . 'e' ]", "{a: {c: {}, x: 1}, b: {x: 2}, d: {e: {}}}"),
            ("[a.b]\nx = 1\n[a]\ny = 2", "{a: {b: {x: 1}, y: 2}}"),
            (
                "[[a]]\nx = 1\n[a.b]\ny = 1\n[[a]]\n[a.b]\ny = 2\n[[a.c]]\n[[a.c]]",
                "{a: [{b: {y: 1}, x: 1}, {b: {y: 2}, c: [{}, {}]}]}"
            ),
            ("[a]\nb.c = 1\n[a.b.d]\ne = 2", "{a: {b: {c: 1, d: {e: 2}}}}"),
            (
                "a = +1\nb = -0\nc = 1_000\nd = 0xDEAD_beef\ne = 0o755\nf = 0b1101\ng = 9223372036854775807\nh = -9223372036854775808",
                "{a: 1, b: 0, c: 1000, d: 3735928559, e: 493, f: 13, g: 9223372036854775807, h: -9223372036854775808}"
            ),
            (
                "a = 1.5\nb = -0.0\nc = 1e3\nd = 6.6_2E-3_4\ne = +inf\nf = -nan",
                "{a: float 1.5, b: float -0.0, c: float 1000.0, d: float 6.62e-34, e: float inf, f: float -nan}"
            ),
            ("a = true\nb = false", "{a: true, b: false}"),
            (
                "a = 1979-05-27T07:32:00.5-07:00\nb = 07:32:00",
                "{a: date 1979-05-27T07:32:00.5-07:00, b: date 07:32:00}"
            ),
            (#"a = "\b\t\n\f\r\"\\\u00e9\U0001F426 # é""#, #"{a: "\u{08}\t\n\u{0C}\r\"\\é🐦 # é"}"#),
            (#"a = 'C:\n "x"'"#, #"{a: "C:\\n \"x\""}"#),
            ("a = \"\"\"\nx\r\ny\"\" z\"\"\"\"\"", #"{a: "x\ny\"\" z\"\""}"#),
            ("a = \"\"\"one \\\n\n   two \\  \n three\"\"\"", #"{a: "one two three"}"#),
            ("a = '''\n[b]\n\\'x'''''\nc = 1", #"{a: "[b]\n\\\'x\'\'", c: 1}"#),
            ("a = \"\"\"\"\"\"\nb = ''", #"{a: "", b: ""}"#),
        ])
    func valid(text: String, tree: String) throws { #expect(show(try parse(text)) == tree) }

    @Test(
        "invalid documents are refused, with the place",
        arguments: [
            ("workers = \n", 1, 11), ("a = 1\nb", 2, 2), ("a", 1, 2), ("= 1", 1, 1), ("[=]", 1, 2), ("[]", 1, 2),
            ("[a", 1, 3),
            ("[a]x", 1, 4), ("[[a]", 1, 5), ("[[a] ]", 1, 5), ("[a.]", 1, 4), ("a. = 1", 1, 4), ("a = 1 b = 2", 1, 7),
            ("é = 1", 1, 1), ("a = é", 1, 5), ("'é' = x", 1, 7), ("a = \"x\nb\"", 1, 5), ("a = 'x", 1, 5),
            ("a = \"\"\"x\"\"", 1, 5),
            ("a = \"\\x\"", 1, 7), ("a = \"\\ud800\"", 1, 7), ("a = \"\\u00g0\"", 1, 7), ("a = \"\\u+123\"", 1, 7),
            ("a = \"\\", 1, 7),
            ("a = \"\u{1}\"", 1, 6), ("# \u{0}", 1, 3), ("a = 1\rb = 2", 1, 6), ("a = 'x\u{7F}'", 1, 7),
            ("a = [}", 1, 6), ("a = [1 2]", 1, 8), ("a = [1,\n2\n", 3, 1), ("a = [,]", 1, 6),
            ("a = {b = 1,}", 1, 12), ("a = {b = 1\n}", 1, 11), ("a = {,}", 1, 6), ("a = {b = 1 c = 2}", 1, 12),
            ("a = 01", 1, 5), ("a = 1__0", 1, 5), ("a = _1", 1, 5), ("a = 1_", 1, 5), ("a = 1.", 1, 5),
            ("a = .5", 1, 5),
            ("a = 1e", 1, 5), ("a = 0x", 1, 5), ("a = -0x1", 1, 5), ("a = 0o8", 1, 5), ("a = 1.2.3", 1, 5),
            ("a = ++1", 1, 5), ("a = +-1.5", 1, 5),
            ("a = 9223372036854775808", 1, 5), ("a = True", 1, 5), ("a = auto", 1, 5), ("a = 1e_3", 1, 5),
            ("a = 1e1e1", 1, 5),
            ("a = 1\na = 2", 2, 1), ("[a]\n[a]", 2, 2), ("a = 1\n[a]", 2, 2), ("[a]\n[[a]]", 2, 3),
            ("[[a]]\n[a]", 2, 2),
            ("a = []\n[[a]]", 2, 3), ("a = {}\n[a.b]", 2, 2), ("a = {}\na.b = 1", 2, 1), ("a.b = 1\n[a]", 2, 2),
            ("a.b = 1\na.b.c = 2", 2, 3),
            ("[a.b.c]\n[a]\nb.c = 1", 3, 1), ("[a.b]\nx = 1\n[a]\nb.y = 2", 4, 1), ("a = {b.c = 1, b = 2}", 1, 15),
            ("a = {b.c = 1}\n[a.b]", 2, 2), ("[[a.b]]\n[a]\nb.y = 2", 3, 1),
        ])
    func invalid(text: String, line: Int, column: Int) throws {
        let error = try #require(throws: TOMLError.self) { _ = try parse(text) }
        #expect(error.position == TOMLPosition(line: line, column: column), "\(error.message)")
        #expect(!error.message.isEmpty)
    }

    @Test(
        "nesting and dotted keys are bounded",
        arguments: ["a = ", "a = [", "[", "a = {a = ", "a.", "[a."])
    func bounded(piece: String) {
        let deep = String(repeating: piece == "a = " ? "[" : piece, count: 100_000)
        #expect(throws: TOMLError.self) { _ = try parse("a = " + deep) }
        #expect(throws: TOMLError.self) { _ = try parse(deep) }
    }

    @Test("every prefix of a document, and every one with a byte changed, is read or refused")
    func damaged() {
        let text = """
            workers = "auto" # é
            [[listen]]
            address = '127.0.0.1:8080'
            a = { b.c = [1, 2.5, -3e-4, 0x1F], d = \"\"\"x\\
              y \\u00e9\"\"\" }
            [x."y z"]
            when = 1979-05-27T07:32:00Z
            """
        let bytes = Array(text.utf8)
        for end in bytes.indices { _ = try? TOMLParser.parse(Array(bytes[..<end])) }
        for index in bytes.indices {
            for byte: UInt8 in [0, 0x0A, 0x0D, 0x22, 0x27, 0x2E, 0x3D, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0xC3] {
                var damaged = bytes
                damaged[index] = byte
                _ = try? TOMLParser.parse(damaged)
            }
        }
    }

    @Test("keys and elements know their places")
    func places() throws {
        let document = try parse("a = 1\n\n[[b]]\n  c.d = [\n 1,\n  2]\n[[b]]\ne = { 'f' = 1 }\n")
        guard case .array(let tables)? = document["b"]?.value, case .table(let first) = tables.elements[0].value,
            case .table(let dotted)? = first["c"]?.value, case .array(let numbers)? = dotted["d"]?.value,
            case .table(let second) = tables.elements[1].value, case .table(let inline)? = second["e"]?.value
        else {
            Issue.record("another tree")
            return
        }
        #expect(document["a"]?.position == TOMLPosition(line: 1, column: 1))
        #expect(tables.elements.map(\.position.line) == [3, 7])
        #expect(dotted["d"]?.position == TOMLPosition(line: 4, column: 5))
        #expect(numbers.elements.map(\.position) == [.init(line: 5, column: 2), .init(line: 6, column: 3)])
        #expect(inline["f"]?.position == TOMLPosition(line: 8, column: 7))
    }
}
