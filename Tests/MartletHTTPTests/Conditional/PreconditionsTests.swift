import Testing

@testable import MartletHTTP

@Suite("Preconditions")
struct PreconditionsTests {
    private static let date = "Sat, 29 Oct 1994 19:43:31 GMT"
    private static let earlier = "Sat, 29 Oct 1994 19:43:30 GMT"
    private static let later = "Sat, 29 Oct 1994 19:43:32 GMT"

    struct Case: Sendable, CustomTestStringConvertible {
        var method = HTTPMethod.get
        var ifMatch: String?
        var ifNoneMatch: String?
        var ifModifiedSince: String?
        var ifUnmodifiedSince: String?
        var tag: String? = "\"a\""
        var isDated = true
        var exists = true
        let outcome: Preconditions.Outcome

        var testDescription: String {
            "\(method) \(ifMatch ?? "-") \(ifNoneMatch ?? "-") \(ifModifiedSince ?? "-") \(ifUnmodifiedSince ?? "-") "
                + "\(tag ?? "-") \(exists)"
        }
    }

    private static let matching: [Case] = [
        Case(outcome: .proceed), Case(ifMatch: "\"a\"", outcome: .proceed),
        Case(ifMatch: "\"b\", \"a\"", outcome: .proceed),
        Case(ifMatch: "\"b\"", outcome: .failed), Case(ifMatch: "W/\"a\"", outcome: .failed),
        Case(ifMatch: "\"a\"", tag: "W/\"a\"", outcome: .failed), Case(ifMatch: "\"a\"", tag: nil, outcome: .failed),
        Case(ifMatch: "*", tag: nil, outcome: .proceed),
        Case(method: .put, ifMatch: "*", exists: false, outcome: .failed),
        Case(method: .put, ifMatch: "\"a\"", exists: false, outcome: .failed),
        Case(method: .put, ifMatch: "garbage", outcome: .failed), Case(method: .put, ifMatch: "", outcome: .failed),
    ]

    private static let noneMatching: [Case] = [
        Case(ifNoneMatch: "\"a\"", outcome: .notModified), Case(ifNoneMatch: "W/\"a\"", outcome: .notModified),
        Case(method: .head, ifNoneMatch: "*", outcome: .notModified), Case(ifNoneMatch: "\"b\"", outcome: .proceed),
        Case(method: .put, ifNoneMatch: "*", outcome: .failed),
        Case(method: .put, ifNoneMatch: "\"a\"", outcome: .failed),
        Case(method: .put, ifNoneMatch: "*", exists: false, outcome: .proceed),
        Case(ifNoneMatch: "\"a\"", tag: nil, outcome: .proceed), Case(ifNoneMatch: "garbage", outcome: .proceed),
    ]

    private static let dates: [Case] = [
        Case(ifModifiedSince: date, outcome: .notModified), Case(ifModifiedSince: later, outcome: .notModified),
        Case(ifModifiedSince: earlier, outcome: .proceed), Case(ifModifiedSince: "yesterday", outcome: .proceed),
        Case(ifModifiedSince: "Saturday, 29-Oct-94 19:43:31 GMT", outcome: .notModified),
        Case(method: .post, ifModifiedSince: date, outcome: .proceed),
        Case(ifModifiedSince: date, isDated: false, outcome: .proceed),
        Case(method: .put, ifUnmodifiedSince: date, outcome: .proceed),
        Case(method: .put, ifUnmodifiedSince: earlier, outcome: .failed),
        Case(ifUnmodifiedSince: earlier, outcome: .failed), Case(ifUnmodifiedSince: "never", outcome: .proceed),
        Case(ifUnmodifiedSince: earlier, isDated: false, outcome: .proceed),
    ]

    /// RFC 9110 §13.2.2.
    private static let precedence: [Case] = [
        Case(ifMatch: "\"a\"", ifUnmodifiedSince: earlier, outcome: .proceed),
        Case(ifMatch: "\"b\"", ifNoneMatch: "\"a\"", outcome: .failed),
        Case(ifMatch: "\"a\"", ifNoneMatch: "\"a\"", outcome: .notModified),
        Case(ifNoneMatch: "\"b\"", ifModifiedSince: date, outcome: .proceed),
        Case(ifNoneMatch: "\"a\"", ifModifiedSince: earlier, outcome: .notModified),
        Case(ifModifiedSince: date, ifUnmodifiedSince: date, outcome: .notModified),
        Case(ifModifiedSince: earlier, ifUnmodifiedSince: earlier, outcome: .failed),
    ]

    @Test("conditions are evaluated as RFC 9110 has it", arguments: matching + noneMatching + dates + precedence)
    func evaluates(_ the: Case) {
        let conditions = Preconditions(
            method: the.method, ifMatch: the.ifMatch, ifNoneMatch: the.ifNoneMatch,
            ifModifiedSince: the.ifModifiedSince, ifUnmodifiedSince: the.ifUnmodifiedSince)
        let modified = the.isDated ? HTTPDate(unixTime: 783_459_811) : nil
        let outcome = conditions.evaluate(
            tag: the.tag.flatMap { EntityTag($0) }, lastModified: modified, exists: the.exists)
        #expect(outcome == the.outcome)
    }

    @Test("a request without conditions is told apart")
    func empty() {
        #expect(Preconditions(method: .get).isEmpty)
        #expect(!Preconditions(method: .get, ifNoneMatch: "").isEmpty)
    }
}
