import Testing

@testable import MartletHTTP

@Suite("Answers with ranges")
struct MultipartByteRangesTests {
    /// RFC 9110 §14.4.
    @Test("Content-Range says where bytes belong")
    func contentRange() {
        #expect(ContentRange(42..<1234, of: 1234).description == "bytes 42-1233/1234")
        #expect(ContentRange(0..<500, of: 1234).description == "bytes 0-499/1234")
        #expect(ContentRange.unsatisfied(length: 1234).description == "bytes */1234")
    }

    /// RFC 9110 §14.6.
    @Test("several ranges are parts of a multipart body")
    func parts() {
        let answer = MultipartByteRanges(
            [500..<1000, 7000..<8000], of: 8000, contentType: "application/pdf", boundary: "THIS_STRING_SEPARATES")
        #expect(answer.contentType == "multipart/byteranges; boundary=THIS_STRING_SEPARATES")
        #expect(
            answer.parts.map(\.head) == [
                "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-999/8000\r\n\r\n",
                "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7999/8000\r\n\r\n",
            ])
        #expect(answer.end == "\r\n--THIS_STRING_SEPARATES--\r\n")
    }

    @Test("the length is that of the body", arguments: [nil, "text/plain"])
    func length(_ type: String?) {
        let content = (0..<100).map { UInt8($0) }
        let answer = MultipartByteRanges([0..<1, 50..<60, 98..<100], of: 100, contentType: type)
        var body: [UInt8] = []
        for part in answer.parts {
            body += part.head.utf8
            body += content[Int(part.range.lowerBound)..<Int(part.range.upperBound)]
        }
        body += answer.end.utf8
        #expect(answer.contentLength == UInt64(body.count))
    }

    @Test("boundaries are random and short enough")
    func boundaries() {
        let boundaries = (0..<100).map { _ in MultipartByteRanges([], of: 0, contentType: nil).boundary }
        #expect(Set(boundaries).count == 100)
        #expect(boundaries.allSatisfy { (2...70).contains($0.utf8.count) && $0.isToken })
    }
}
