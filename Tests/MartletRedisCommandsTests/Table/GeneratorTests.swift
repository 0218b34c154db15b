import Testing

@testable import RedisCommandTable

/// What becomes of the text of a table.
@Suite("making Swift of the table")
struct GeneratorTests {
    private func made(_ method: String, command: String = "THING | 1.0.0 | write") throws -> String {
        let text = "group things\n\n\(command)\n    \(method)\n    Does it.\n"
        return MethodWriter.swift(of: try TableParser.parse(text, file: "things.commands"), file: "things.commands")
    }

    @Test("arguments are appended in their order, keys as keys")
    func arguments() throws {
        let swift = try made(
            ".thing key value [LIMIT offset:int count:int] [FORCE] WORD #others @others...:key -> Int")
        #expect(
            swift.contains(
                "func thing(_ key: some RedisArgument, _ value: some RedisArgument, limit: (offset: Int, count: Int)? = nil, "
                    + "force: Bool = false, others: [some RedisArgument])"))
        let body = swift.split(separator: "\n").map { $0.drop { $0 == " " } }
        let start = try #require(body.firstIndex { $0.hasPrefix("var command") })
        #expect(
            body[start..<start + 14].map(String.init) == [
                #"var command = RedisCommand(exactly: "THING", encoded: "$5\r\nTHING\r\n", traits: [])"#,
                "command.append(key: key)",
                "command.append(value)",
                "if let limit {", #"command.append("LIMIT")"#, "command.append(limit.offset)",
                "command.append(limit.count)",
                "}", "if force {", #"command.append("FORCE")"#, "}", #"command.append("WORD")"#,
                "command.append(others.count)", "command.append(keys: others)",
            ])
    }

    @Test("traits follow the flags, and options change them")
    func traits() throws {
        let read = try made(".thing key -> Value?", command: "THING | 1.0.0 | read")
        #expect(read.contains(#"encoded: "$5\r\nTHING\r\n", traits: .readOnly)"#))
        #expect(!read.contains("@discardableResult"))
        let two = try made(".thing key -> Value?", command: "SUCH THING | 1.0.0 | read")
        #expect(two.contains(#"encoded: "$4\r\nSUCH\r\n$5\r\nTHING\r\n", words: 2, traits: .readOnly)"#))
        let write = try made(".thing key [kind:RedisKind]! -> Bool", command: "THING | 1.0.0 | write idempotent")
        #expect(write.contains("command.traits.remove(.idempotent)") && write.contains("@discardableResult"))
        let waiting = try made(".thing key timeout:seconds -> Value?", command: "THING | 1.0.0 | write blocking")
        #expect(waiting.contains("traits: .blocking") && waiting.contains("command.blockingTime = timeout > .zero"))
        let sometimes = try made(".thing [BLOCK block:milliseconds]^ key -> Value?", command: "THING | 1.0.0 | read")
        #expect(sometimes.contains("command.traits.insert(.blocking)"))
    }

    @Test("a method that came later than its command says so")
    func since() throws {
        #expect(try made(".thing key -> Int").contains("/// `THING`, since 1.0.0.\n"))
        let later = try made(".thing key NEW -> [Int?] ~ bulks doubles since 7.2.0")
        #expect(later.contains("/// `THING`, since 7.2.0. The answer is of kind bulks in RESP2, doubles in RESP3.\n"))
        #expect(later.contains("RedisOperation<[Int?]>"))
    }

    @Test("lists at the end may be written without brackets, and values as other types")
    func forms() throws {
        let swift = try made(".things keys... -> [Value?]")
        #expect(swift.contains("func things<Element: RedisArgument>(_ keys: Element...)"))
        #expect(swift.contains("static func things(_ keys: [some RedisArgument]) -> RedisOperation<[String?]>"))
        #expect(swift.contains("(_ keys: [some RedisArgument], as resultType: Value.Type = String.self) async"))
    }

    @Test(
        "a mistake is told with its file and line",
        arguments: [
            ("THING | 1.0.0 | write", 1, "the first line is `group NAME`"),
            ("group g\nTHING | 1.0 | write\n", 2, "is no version"),
            ("group g\nTHING | 1.0.0 | wrote\n", 2, "unknown flag `wrote`"),
            ("group g\nTHING | 1.0.0 | read write\n", 2, "either `read` or `write`"),
            ("group g\nthing | 1.0.0 |\n", 2, "is no name of a command"),
            ("group g\nTHING | 1.0.0 |\n", 2, "has no method"),
            ("group g\nTHING | 1.0.0 |\n    .thing key\n    Doc.\n", 3, "expected `-> RESULT`"),
            ("group g\nTHING | 1.0.0 |\n    .thing key -> Int\n", 3, "is not documented"),
            ("group g\nTHING | 1.0.0 |\n    .thing key:kee -> Int\n    Doc.\n", 3, "unknown type `kee`"),
            ("group g\nTHING | 1.0.0 |\n    .thing key key -> Int\n    Doc.\n", 3, "two parameters are called `key`"),
            ("group g\nTHING | 1.0.0 |\n    .thing [LIMIT -> Int\n    Doc.\n", 3, "`[` without `]`"),
            ("group g\nTHING | 1.0.0 |\n    .thing #keys -> Int\n    Doc.\n", 3, "no list is called `keys`"),
            ("group g\nTHING | 1.0.0 |\n    .thing pairs:pairs -> Int\n    Doc.\n", 3, "is a list"),
            ("group g\nTHING | 1.0.0 |\n    .thing key -> Int ~ array\n    Doc.\n", 3, "two kinds"),
            ("group g\nTHING | 1.0.0 |\n    .thing key -> Int since 7\n    Doc.\n", 3, "is no version"),
            ("group g\nTHING | 1.0.0 |\n    .thing command -> Int\n    Doc.\n", 3, "means something else"),
            ("group g\n    .thing key -> Int\n", 2, "belongs to no command"),
            (
                "group g\n\nTHING | 1.0.0 |\n    .thing key -> Int\n    Doc.\nTHING | 1.0.0 |\n", 6,
                "in the table already"
            ),
            ("group g\nomit THING\n", 2, "say why"),
            ("group g\nomit THING\n  Two spaces.\n", 3, "four spaces"),
        ])
    func mistakes(text: String, line: Int, reason: String) {
        let error = #expect(throws: TableError.self) { try TableParser.parse(text, file: "g.commands") }
        #expect(error?.description.hasPrefix("g.commands:\(line): error: ") == true, "\(error?.description ?? "")")
        #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }
}
