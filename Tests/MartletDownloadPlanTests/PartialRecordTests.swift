import MartletDownloadPlan
import Testing

@Suite struct PartialRecordTests {
    static let record = PartialRecord(
        url: "https://example.org/a", validator: Validator(tag: "\"v1\"", lastModified: "x", isDateStrong: true),
        length: 100, done: ByteRanges([0..<10, 20..<30]))

    @Test("a record comes back as it was kept") func roundTrip() throws {
        #expect(try PartialRecord(Self.record.bytes()) == Self.record)
        var unknown = Self.record
        unknown.length = nil
        #expect(try PartialRecord(unknown.bytes()) == unknown)
    }

    @Test("a record that is cut anywhere is none") func cut() throws {
        let bytes = try Self.record.bytes()
        for count in 0..<bytes.count { #expect(PartialRecord(Array(bytes[..<count])) == nil) }
    }

    @Test(
        "a record that contradicts itself is none",
        arguments: [
            "[[0,101]]", "[[5,5]]", "[[10,5]]", "[[0,5],[4,9]]", "[[20,30],[0,5]]", "[[0]]", "[[0,1,2]]", "[[-1,5]]",
            "[[0,99999999999999999999]]", "{}",
        ])
    func contradiction(ranges: String) {
        let text = "{\"version\":1,\"url\":\"u\",\"length\":100,\"ranges\":\(ranges)}"
        #expect(PartialRecord(Array(text.utf8)) == nil)
    }

    @Test("a record of another version, or of a negative length, is none") func version() {
        #expect(PartialRecord(Array("{\"version\":2,\"url\":\"u\",\"ranges\":[]}".utf8)) == nil)
        #expect(PartialRecord(Array("{\"version\":1,\"url\":\"u\",\"length\":-1,\"ranges\":[]}".utf8)) == nil)
        #expect(PartialRecord(Array("{\"version\":1,\"url\":\"u\",\"ranges\":[]}".utf8)) != nil)
    }
}
