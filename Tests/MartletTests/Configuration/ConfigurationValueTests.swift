import Testing

@testable import Martlet

@Suite("Values of a configuration")
nonisolated struct ConfigurationValueTests {
    @Test(
        "durations",
        arguments: [
            ("500ms", 500, "500ms"), ("30s", 30_000, "30s"), ("90s", 90_000, "90s"), ("120s", 120_000, "2m"),
            ("1h", 3_600_000, "1h"),
            ("0s", 0, "0s"), ("007s", 7_000, "7s"), ("9223372036854775807ms", Int64.max, "9223372036854775807ms"),
        ])
    func duration(text: String, milliseconds: Int64, description: String) throws {
        let duration = try #require(ConfigurationDuration(text))
        #expect(duration.milliseconds == milliseconds)
        #expect(duration.description == description)
        #expect(ConfigurationDuration(description) == duration)
    }

    @Test(
        "no durations",
        arguments: [
            "", "s", "1", "-1s", "+1s", "1.5s", "1 s", " 1s", "1S", "1d", "1s ", "٣s", "1m30s", "9223372036854775808ms",
            "2562047788015216h", "99999999999999999999s",
        ])
    func noDuration(text: String) { #expect(ConfigurationDuration(text) == nil) }

    @Test(
        "sizes",
        arguments: [
            ("0", 0, "0"), ("1500", 1500, "1500"), ("64KiB", 65_536, "64KiB"), ("1024KiB", 1 << 20, "1MiB"),
            ("2GiB", 2 << 30, "2GiB"),
        ])
    func size(text: String, bytes: Int64, description: String) throws {
        let size = try #require(ByteCount(text))
        #expect(size.bytes == bytes)
        #expect(size.description == description)
    }

    @Test(
        "no sizes",
        arguments: ["", "KiB", "-1", "1KB", "1k", "1 KiB", "1.5MiB", "8589934592GiB", "9223372036854775808"])
    func noSize(text: String) { #expect(ByteCount(text) == nil) }

    @Test(
        "texts with places for parameters",
        arguments: [
            ("Hello, {name}", "Hello, <W>"), ("{name}{name}", "<W><W>"), ("{{name}}", "{name}"),
            ("{{{name}}}", "{{name}}"),
            ("{\"a\": {\"b\": \"{name}\"}}", "{\"a\": {\"b\": \"<W>\"}}"), ("{", "{"), ("{}", "{}"),
            ("{ name }", "{ name }"), ("{1}", "{1}"),
            ("{{name}", "{<W>"), ("{missing}", ""), ("", ""), ("é{name}é", "é<W>é"),
        ])
    func template(text: String, rendered: String) {
        #expect(TextTemplate(text).render { $0 == "name" ? "<W>" : nil } == rendered)
    }

    @Test(
        "what a stranger sent is escaped as the content's type needs",
        arguments: [
            ("text/plain; charset=utf-8", "<\"&'\\\n>"), ("text/html; charset=utf-8", "&#60;&#34;&#38;&#39;\\\n&#62;"),
            ("image/svg+xml", "&#60;&#34;&#38;&#39;\\\n&#62;"), ("Application/JSON", "<\\\"&'\\\\\\u000a>"),
            ("application/problem+json", "<\\\"&'\\\\\\u000a>"),
        ])
    func escaping(contentType: String, rendered: String) {
        #expect(TextTemplate("{x}", contentType: contentType).render { _ in "<\"&'\\\n>" } == rendered)
    }
}
