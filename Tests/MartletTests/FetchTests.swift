import MartletDownloads
import Testing

@testable import Martlet

@Suite("The display and the lists of fetch")
nonisolated struct FetchTests {
    @Test(
        "amounts and times are short",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"),
            (28_416_000, "27.1 MiB"), (5 << 30, "5.0 GiB"), (.max, "8192.0 PiB"),
        ])
    func amounts(bytes: Int, text: String) {
        #expect(FetchDisplay.amount(bytes) == text)
    }

    @Test("a line fits the terminal, whatever its width")
    func lines() {
        for width in [1, 10, 40, 60, 80, 200] {
            for name in ["a", String(repeating: "long-name-", count: 30) + "é.iso"] {
                let line = FetchDisplay.line(name, note: nil, bytes: 512, total: 1024, rate: 100, width: width)
                #expect(line.count <= max(1, width - 1))
            }
        }
        let line = FetchDisplay.line("a.iso", note: nil, bytes: 512, total: 1024, rate: 100, width: 100)
        #expect(line.contains("50%") && line.contains("512 B of 1.0 KiB") && line.hasSuffix("100 B/s  0:06"))
    }

    @Test("a list has URLs, checksums, names and comments")
    func list() throws {
        let sum = String(repeating: "0", count: 64)
        let items = try FetchList.items(
            in: "# mirror\n\nhttp://a/x\r\nhttp://a/y checksum=sha256:\(sum) name=z # why\n", path: "l")
        #expect(items.map(\.url) == ["http://a/x", "http://a/y"])
        #expect(items.map(\.name) == [nil, "z"] && items[1].checksum == Checksum(.sha256, sum))
    }

    @Test(
        "a line that cannot be understood is told with its number",
        arguments: [
            ("\nhttp://a sha256:1", "l:2: expected checksum=… or name=… behind the URL, found \"sha256:1\""),
            ("http://a checksum=1", "l:1: \"1\" is no checksum"),
        ])
    func wrongList(text: String, message: String) {
        let fault = #expect(throws: FetchList.Fault.self) { try FetchList.items(in: text, path: "l") }
        #expect(fault?.description == message)
    }
}
