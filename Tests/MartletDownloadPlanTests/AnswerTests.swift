import MartletDownloadPlan
import MartletHTTP
import Testing

@Suite struct AnswerTests {
    static let known = Validator(tag: "\"v1\"", lastModified: nil, isDateStrong: false)
    static let asked = Answer.Question.part(100..<200, length: 200, validator: known)

    @Test(
        "an answer to a request for a part is taken for what it is",
        arguments: [
            (206, "bytes 100-199/200", 100, "\"v1\"", "part"), (206, "bytes 100-149/200", 50, "\"v1\"", "part"),
            (206, "bytes 100-199/200", nil, nil, "part"), (206, "bytes 0-199/200", 200, "\"v1\"", "without ranges"),
            (206, "bytes 101-199/200", 99, "\"v1\"", "without ranges"),
            (206, "bytes 100-199/200", 99, "\"v1\"", "without ranges"), (206, nil, 100, "\"v1\"", "without ranges"),
            (206, "bytes 100-199/*", 100, "\"v1\"", "without ranges"),
            (206, "items 100-199/200", 100, "\"v1\"", "without ranges"),
            (206, "bytes 100-199/150", 100, "\"v1\"", "without ranges"),
            (206, "bytes 100-199/300", 100, "\"v1\"", "with ranges"),
            (206, "bytes 100-199/200", 100, "\"v2\"", "with ranges"),
            (206, "bytes 100-199/200", 100, "W/\"v1\"", "with ranges"), (200, nil, 200, "\"v2\"", "whole"),
            (416, "bytes */100", nil, nil, "with ranges"), (416, "bytes */50", nil, nil, "with ranges"),
            (404, nil, nil, nil, "refused"), (503, nil, nil, nil, "later"), (429, nil, nil, nil, "later"),
            (304, nil, nil, nil, "refused"),
        ] as [(Int, String?, Int?, String?, String)])
    func part(status: Int, range: String?, length: Int?, tag: String?, expected: String) {
        let answer = Answer(
            status: status, contentLength: length, contentRange: range,
            validator: Validator(tag: tag, lastModified: nil, isDateStrong: false))
        #expect(Self.name(answer.verdict(on: Self.asked)) == expected)
    }

    @Test(
        "a file that is as long as what is there has nothing left, if it is the same one",
        arguments: [
            ("\"v1\"", "bytes */100", "nothing left"), ("\"v1\"", "bytes */99", "with ranges"),
            ("\"v2\"", "bytes */100", "with ranges"), ("W/\"v1\"", "bytes */100", "with ranges"),
            (nil, "bytes */100", "with ranges"),
        ] as [(String?, String, String)])
    func nothingLeft(tag: String?, range: String, expected: String) {
        let answer = Answer(
            status: 416, contentRange: range, validator: Validator(tag: tag, lastModified: nil, isDateStrong: false))
        let question = Answer.Question.part(100..<Int.max, length: nil, validator: Self.known)
        #expect(Self.name(answer.verdict(on: question)) == expected)
    }

    @Test("a date confirms a version if it is strong, and a tag is worth more") func confirmation() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let dated = Validator(tag: nil, lastModified: date, isDateStrong: false)
        #expect(Validator(tag: nil, lastModified: date, isDateStrong: true).isConfirmed(by: dated))
        #expect(!dated.isConfirmed(by: dated))
        #expect(!Validator(tag: "\"v1\"", lastModified: date, isDateStrong: true).isConfirmed(by: dated))
    }

    @Test("a part is no answer to a request for the whole") func unasked() {
        let answer = Answer(status: 206, contentRange: "bytes 0-9/10", validator: Self.known)
        #expect(Self.name(answer.verdict(on: .whole)) == "without ranges")
    }

    @Test(
        "only what is strong guards a part",
        arguments: [
            ("\"a\"", nil, nil, "\"a\""), ("W/\"a\"", nil, nil, nil), ("nonsense", nil, nil, nil), (nil, nil, nil, nil),
            (nil, "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"),
            (nil, "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", nil),
            (nil, "Sun, 06 Nov 1994 08:49:37 GMT", nil, nil), (nil, "yesterday", "Sun, 06 Nov 1994 08:49:38 GMT", nil),
            ("W/\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT", nil),
        ] as [(String?, String?, String?, String?)])
    func strength(tag: String?, modified: String?, date: String?, expected: String?) {
        let validator = Validator(
            tag: tag, lastModified: modified, date: date, now: HTTPDate(unixTime: 1_700_000_000))
        #expect(validator.ifRange == expected)
    }

    @Test(
        "parts are for servers that offer them and tell versions apart",
        arguments: [("bytes", true), ("none", false), (nil, false), ("bytes, other", true), ("BYTES", true)])
    func parts(accept: String?, expected: Bool) {
        #expect(Answer(status: 200, acceptRanges: accept, validator: Self.known).allowsParts == expected)
        let weak = Validator(tag: "W/\"a\"", lastModified: nil, isDateStrong: false)
        #expect(!Answer(status: 200, acceptRanges: accept, validator: weak).allowsParts)
    }

    private static func name(_ verdict: Answer.Verdict) -> String {
        switch verdict {
        case .whole: "whole"
        case .part: "part"
        case .nothingLeft: "nothing left"
        case .startOver(_, let withRanges): withRanges ? "with ranges" : "without ranges"
        case .refused(let mayPass): mayPass ? "later" : "refused"
        }
    }
}
