import Testing

@testable import MartletHTTP

@Suite("Range requests")
struct RangeRequestTests {
    /// The first ones are those of RFC 9110 §14.1.2, of 10000 bytes.
    @Test(
        "ranges are resolved against the length",
        arguments: [
            ("bytes=0-499", 10000, [0..<500]), ("bytes=500-999", 10000, [500..<1000]),
            ("bytes=-500", 10000, [9500..<10000]), ("bytes=9500-", 10000, [9500..<10000]),
            ("bytes=0-0,-1", 10000, [0..<1, 9999..<10000]),
            ("bytes= 0-999, 4500-5499, -1000", 10000, [0..<1000, 4500..<5500, 9000..<10000]),
            ("BYTES=0-", 10, [0..<10]), ("bytes=0-99", 10, [0..<10]), ("bytes=-99", 10, [0..<10]),
            ("bytes=5-5,20-30", 10, [5..<6]), ("bytes=20-30,-0,0-0", 10, [0..<1]), ("bytes=,, 1-2 ,", 10, [1..<3]),
            ("bytes=0-99999999999999999999999", 10, [0..<10]), ("bytes=-99999999999999999999999", 10, [0..<10]),
            ("bytes=18446744073709551614-", .max, [18_446_744_073_709_551_614..<18_446_744_073_709_551_615]),
        ] as [(String, UInt64, [Range<UInt64>])])
    func resolves(_ field: String, _ length: UInt64, _ ranges: [Range<UInt64>]) {
        #expect(RangeRequest(field)?.resolve(length: length) == .partial(ranges))
    }

    @Test(
        "ranges that overlap or touch become one, in the place of the first",
        arguments: [
            ("bytes=500-600,601-999", [500..<1000]), ("bytes=500-700,601-999", [500..<1000]),
            ("bytes=9-9,0-5,4-6,2-3", [9..<10, 0..<7]), ("bytes=0-,0-,0-,0-", [0..<10000]),
            ("bytes=90-95,0-1,80-91,1-2", [80..<96, 0..<3]), ("bytes=0-0,2-2", [0..<1, 2..<3]),
        ] as [(String, [Range<UInt64>])])
    func coalesces(_ field: String, _ ranges: [Range<UInt64>]) {
        #expect(RangeRequest(field)?.resolve(length: 10000) == .partial(ranges))
    }

    @Test(
        "what begins behind the end is unsatisfiable",
        arguments: [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=99999999999999999999-", .max)]
            as [(String, UInt64)])
    func unsatisfiable(_ field: String, _ length: UInt64) {
        #expect(RangeRequest(field)?.resolve(length: length) == .unsatisfiable)
    }

    @Test("the last bytes of nothing are all there is")
    func empty() {
        #expect(RangeRequest("bytes=-5")?.resolve(length: 0) == .full)
    }

    @Test(
        "malformed ranges and other units are ignored",
        arguments: [
            "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1;", "bytes=0-1 2-3",
            "bytes =0-1", "seconds=0-1", "bytes=--1", "bytes=0x1-2", "bytes=1", "bytes=1-2-3", "bytes=0-1,x", "0-1",
            "bytes=+1-2", "bytes=1 -2",
        ])
    func ignored(_ field: String) {
        #expect(RangeRequest(field) == nil)
    }

    @Test("more ranges than the limit are ignored")
    func limit() {
        let ranges = (0..<RangeRequest.maximumCount).map { "\($0 * 2)-\($0 * 2)" }
        #expect(RangeRequest("bytes=" + ranges.joined(separator: ",")) != nil)
        #expect(RangeRequest("bytes=" + (ranges + ["1000-"]).joined(separator: ",")) == nil)
    }

    @Test("the bytes sent are those asked for, whatever the ranges")
    func property() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let length = UInt64.random(in: 1...40, using: &random)
            let asked = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                let first = UInt64.random(in: 0..<50, using: &random)
                return first...(first + .random(in: 0..<9, using: &random))
            }
            let field = "bytes=" + asked.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
            let expected = Set(asked.joined().filter { $0 < length })
            switch RangeRequest(field)?.resolve(length: length) {
            case .partial(let ranges):
                let sent = ranges.flatMap(Array.init)
                #expect(Set(sent) == expected && sent.count == expected.count, "\(field) of \(length)")
            case .unsatisfiable: #expect(expected.isEmpty)
            default: Issue.record("\(field) of \(length)")
            }
        }
    }

    /// RFC 9110 §13.1.5.
    @Test(
        "If-Range wants the same strong tag or the exact date",
        arguments: [
            ("\"a\"", "\"a\"", true), ("\"b\"", "\"a\"", false), ("W/\"a\"", "W/\"a\"", false), ("\"a\"", nil, false),
            ("Sat, 29 Oct 1994 19:43:31 GMT", nil, true), ("Sat, 29 Oct 1994 19:43:32 GMT", nil, false),
            ("Saturday, 29-Oct-94 19:43:31 GMT", "\"a\"", true), ("nonsense", "\"a\"", false), ("*", "\"a\"", false),
        ] as [(String, String?, Bool)])
    func ifRange(_ field: String, _ tag: String?, _ matches: Bool) {
        let modified = HTTPDate(unixTime: 783_459_811)
        #expect(IfRange(field).matches(tag: tag.flatMap { EntityTag($0) }, lastModified: modified) == matches)
    }
}
