import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Fields that filters add to many responses")
struct PreparedFieldsTests {
    private let a = HTTPField.Name("X-A")!
    private let b = HTTPField.Name("X-B")!
    private let c = HTTPField.Name("X-C")!

    private func prepared(_ fields: (HTTPField.Name, String)...) -> PreparedFields {
        PreparedFields(HTTPFields(fields.map { HTTPField(name: $0.0, value: $0.1) }))
    }

    private func text(_ fields: HTTPFields) -> [String] {
        fields.map { "\($0.name.rawName)=\($0.value)" }
    }

    @Test("the first to add a name decides, whatever is added after it")
    func firstDecides() {
        var response = Response(text: "")
        response.add(missing: prepared((a, "1"), (b, "1")))
        response.add(missing: prepared((b, "2"), (c, "2")))
        #expect(text(response.fields) == ["X-A=1", "X-B=1", "X-C=2"])
    }

    @Test("the fields of two sets are put together once")
    func combinedOnce() {
        let inner = prepared((a, "1"))
        let outer = prepared((b, "2"))
        var responses = [Response(text: ""), Response(text: "")]
        for index in responses.indices {
            responses[index].add(missing: inner)
            responses[index].add(missing: outer)
        }
        #expect(responses[0].preparedFields === responses[1].preparedFields)
        responses[0].add(missing: outer)
        #expect(text(responses[0].fields) == ["X-A=1", "X-B=2"])
    }

    @Test("a filter that is made for each request leaves nothing behind in the others")
    func madeForEachRequest() {
        let outer = prepared((a, "1"))
        for number in 0..<100 {
            var response = Response(text: "")
            response.add(missing: prepared((b, "\(number)")))
            response.add(missing: outer)
            #expect(text(response.fields) == ["X-B=\(number)", "X-A=1"])
        }
        #expect(outer.combinationCount <= 8)
    }

    @Test("a handler's own field stays, and is not sent twice")
    func ownStays() {
        var response = Response(text: "")
        response.fields[a] = "mine"
        response.add(missing: prepared((a, "1"), (b, "1")))
        #expect(text(response.fields) == ["X-A=mine", "X-B=1"])
        #expect(response.includes(a) && response.includes(b) && !response.includes(c))
    }

    @Test("what changes one response's fields changes no other's")
    func changes() {
        let common = prepared((a, "1"), (b, "1"))
        var first = Response(text: "")
        first.add(missing: common)
        var second = first
        second.fields[a] = nil
        second.append(HTTPField(name: c, value: "2"))
        #expect(text(second.fields) == ["X-B=1", "X-C=2"])
        first.append(HTTPField(name: c, value: "3"))
        #expect(text(first.fields) == ["X-C=3", "X-A=1", "X-B=1"])
        first.fields = HTTPFields()
        #expect(first.fields.isEmpty && text(common.fields) == ["X-A=1", "X-B=1"])
    }

    @Test("lines are legal, and say nothing that is the server's to say")
    func lines() {
        let common = prepared((a, "1"), (.contentLength, "7"), (.connection, "close"), (.date, "now"))
        #expect(common.lines == Array("X-A: 1\r\n".utf8))
    }

    @Test("of several filters' fields each is sent once, beside the handler's own")
    func sent() async throws {
        try await withServer { router in
            router.use(RequestIdentifier())
            router.use(CORS())
            router.use(SecurityHeaders())
            router.get("/") { _ in "" }
            router.get("/own") { [a] _ in
                var response = Response(text: "")
                response.fields[a] = "mine"
                response.fields[.accessControlAllowOrigin] = "https://example.org"
                return response
            }
        } _: { server async throws in
            for _ in 0..<2 {
                let plain = try await server.ask("GET", "/")
                #expect(plain["Access-Control-Allow-Origin"] == "*" && plain["X-Frame-Options"] == "SAMEORIGIN")
                #expect(plain["X-Request-ID"]?.count == 15)
                let own = try await server.ask("GET", "/own")
                #expect(own["Access-Control-Allow-Origin"] == "https://example.org" && own["X-A"] == "mine")
                #expect(own["X-Frame-Options"] == "SAMEORIGIN")
            }
        }
    }
}
