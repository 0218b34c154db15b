import Glibc
import Logging
import Testing

@testable import MartletSupervisor

@Suite("Log lines")
struct LogLineTests {
    private func entry(_ message: String, _ metadata: [(key: String, value: String)] = []) -> LogEntry {
        LogEntry(
            time: timespec(tv_sec: 1_785_000_000, tv_nsec: 7_900_000), level: .warning, label: "martlet.server",
            message: message, metadata: metadata, file: "F.swift", function: "f()", line: 3)
    }

    private func line(_ entry: LogEntry, slot: Int? = nil, withPriority: Bool = false) -> String {
        let identity = LogIdentity(name: "martletd", slot: slot, generation: slot.map { _ in 3 })
        return String(decoding: LogLine(entry, identity: identity, withPriority: withPriority).bytes, as: UTF8.self)
    }

    @Test("a line has time, level, label, message, metadata and the worker")
    func everything() {
        let text = line(entry("slow client", [("peer", "[::1]:80"), ("s", "3")]), slot: 1)
        let expected = """
            2026-07-25T17:20:00.007Z warning martlet.server: slow client peer=[::1]:80 s=3 worker=1 generation=3

            """
        #expect(text == expected)
        #expect(line(entry("x"), withPriority: true).hasPrefix("<4>2026-"))
    }

    @Test(
        "time is RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (-1, 999_999_999, "1969-12-31T23:59:59.999Z"),
            (951_782_400, 50_000_000, "2000-02-29T00:00:00.050Z"),
            (1_709_251_199, 1_000_000, "2024-02-29T23:59:59.001Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"), (1_798_761_599, 0, "2026-12-31T23:59:59.000Z"),
        ])
    func timestamps(seconds: Int, nanoseconds: Int, text: String) {
        #expect(LogLine.timestamp(timespec(tv_sec: seconds, tv_nsec: nanoseconds)) == text)
    }

    @Test("the calendar agrees with the system's over six centuries")
    func calendar() {
        for day in stride(from: -100_000, to: 120_000, by: 97) {
            var seconds = day * 86_400
            var fields = tm()
            gmtime_r(&seconds, &fields)
            var buffer = [CChar](repeating: 0, count: 32)
            let count = strftime(&buffer, buffer.count, "%Y-%m-%d", &fields)
            let expected = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            #expect(LogLine.timestamp(timespec(tv_sec: seconds, tv_nsec: 0)).hasPrefix(expected))
        }
    }

    @Test(
        "control characters cannot forge an entry or reach the terminal",
        arguments: [
            ("a\nb", "a\\nb"), ("a\r\nb\t", "a\\r\\nb\\t"), ("\u{1B}[2J", "\\u{1b}[2J"), ("nul\0", "nul\\u{0}"),
            ("\u{7F}\u{9B}\u{85}", "\\u{7f}\\u{9b}\\u{85}"), ("\u{2028}", "\\u{2028}"), ("grün €", "grün €"),
        ])
    func escaping(message: String, escaped: String) {
        #expect(line(entry(message)).hasSuffix("martlet.server: \(escaped)\n"))
        #expect(line(entry("m", [("k", message)])).split(separator: "\n").count == 1)
    }

    @Test(
        "metadata is unambiguous",
        arguments: [
            ("key", "plain", "key=plain"), ("key", "", "key=\"\""), ("key", "two words", "key=\"two words\""),
            ("key", "a=b", "key=\"a=b\""), ("key", "say \"x\\\"", "key=\"say \\\"x\\\\\\\"\""),
            ("bad key=\n", "v", "bad_key__=v"), ("key", "ü", "key=ü"),
        ])
    func metadata(key: String, value: String, text: String) {
        #expect(line(entry("m", [(key, value)])).hasSuffix(" m \(text)\n"))
    }

    @Test("a line that is too long is cut off between two characters", arguments: ["x", "ü", "€", "\n", "🐦"])
    func tooLong(character: String) {
        let bytes = LogLine(
            entry(String(repeating: character, count: 40_000)), identity: LogIdentity(name: "m")
        ).bytes
        #expect(bytes.count <= LogLine.longest)
        #expect(bytes.count > LogLine.longest - 16)
        #expect(String(validating: bytes, as: UTF8.self)?.hasSuffix("…\n") == true)
    }
}
