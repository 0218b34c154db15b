import HTTPTypes
import Testing

@testable import MartletServer

@Suite("Responses")
struct ResponseTests {
    private struct Secret: Error, CustomStringConvertible {
        let description = "the password is 1234"
    }

    private struct Item: Encodable {
        var name = "a/b"
        var count = 2
    }

    private func get(
        _ path: String, method: String = "GET", from routes: (Router) -> Void,
        then check: (TestServer) -> Void = { _ in }
    ) async throws -> Answer {
        var answer: Answer?
        try await withServer(routes: routes) { server in
            let client = try server.connect()
            try await client.send("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = try await client.answer(to: method)
            #expect(try await client.answer().status == 404, "the connection goes on")
            check(server)
        }
        return try #require(answer)
    }

    @Test("an HTTPError that is thrown is the answer, with its fields", arguments: ["/now", "/later"])
    func answersThrownErrors(path: String) async throws {
        let error = HTTPError(.unauthorized, "who are you?", fields: [.wwwAuthenticate: "Basic realm=\"a\""])
        let answer = try await get(
            path,
            from: {
                $0.get("/now") { _ -> String in throw error }
                $0.get("/later") { _ -> String in
                    await Task.yield()
                    throw error
                }
            }, then: { #expect($0.count(.handlerErrors) == 0 && $0.log.entries.isEmpty) })
        #expect(answer.status == 401 && answer.problem == "who are you?")
        #expect(answer["WWW-Authenticate"] == "Basic realm=\"a\"")
    }

    @Test(
        "any other error is a 500 that says nothing, and a log entry that says everything",
        arguments: ["/now", "/later"])
    func hidesOtherErrors(path: String) async throws {
        let answer = try await get(
            path + "?q=1",
            from: {
                $0.get("/now") { _ -> String in throw Secret() }
                $0.get("/later") { _ -> String in
                    await Task.yield()
                    throw Secret()
                }
            },
            then: {
                #expect($0.count(.handlerErrors) == 1 && $0.count(.responses5xx) == 1)
                #expect($0.log.entries.count == 1 && $0.log.entries.first?.hasPrefix("error a handler failed") == true)
                for part in ["error=the password is 1234", "method=GET", "target=\(path)?q=1", "type=Secret"] {
                    #expect($0.log.contains(part))
                }
            })
        #expect(answer.status == 500 && answer.problem == "Internal Server Error")
        #expect(!answer.head.contains("1234"))
    }

    @Test("values are answered as JSON, with keys in the order of their type")
    func encodes() async throws {
        let answer = try await get("/", from: { $0.get("/") { _ in Item() } })
        #expect(answer.text == #"{"name":"a/b","count":2}"# && answer["Content-Type"] == "application/json")
        let list = try await get("/", from: { $0.get("/") { _ in [1, 2] as [Int] } })
        #expect(list.text == "[1,2]")
        let made = try await get("/", method: "POST", from: { $0.post("/") { _ in JSON(Item(), status: .created) } })
        #expect(made.status == 201 && made["Content-Type"] == "application/json")
    }

    @Test("a value that cannot be encoded is a 500")
    func failsToEncode() async throws {
        let answer = try await get(
            "/", from: { $0.get("/") { _ in [Double.nan] } }, then: { #expect($0.count(.handlerErrors) == 1) })
        #expect(answer.status == 500 && answer.problem == "Internal Server Error")
    }

    @Test("bytes, text and nothing say how long they are")
    func saysLength() async throws {
        for (path, length, type) in [
            ("/bytes", "3", "application/octet-stream"), ("/text", "2", "text/plain; charset=utf-8"),
            ("/part", "1", "text/plain; charset=utf-8"),
            ("/nothing", "0", nil),
        ] {
            let answer = try await get(
                path,
                from: {
                    $0.get("/bytes") { _ in [1, 2, 3] as [UInt8] }
                    $0.get("/text") { _ in "é" }
                    $0.get("/part") { _ in "abc".prefix(1) }
                    $0.get("/nothing") { _ in Response() }
                })
            #expect(answer["Content-Length"] == length && answer["Content-Type"] == type)
        }
    }

    @Test("no value splits a response or changes where it ends", arguments: ["\r\n", "\n", "\r", "\0"])
    func cannotBeSplit(end: String) async throws {
        let evil = "a\(end)X-Evil: 1\(end)\(end)HTTP/1.1 200 OK"
        let answer = try await get(
            "/",
            from: {
                $0.get("/") { _ in
                    var response = Response(text: "text", contentType: evil)
                    response.fields[.location] = evil
                    response.fields[.contentLength] = "400"
                    response.fields[.transferEncoding] = "chunked"
                    response.fields[.connection] = "close"
                    response.fields[.init("X-\u{e9}") ?? .cookie] = evil
                    return response
                }
            })
        #expect(answer.text == "text" && answer["Content-Length"] == "4")
        #expect(answer["X-Evil"] == nil && answer["Transfer-Encoding"] == nil && answer["Connection"] == nil)
        #expect(answer["Location"]?.contains("X-Evil") == true && answer["Content-Type"]?.contains("X-Evil") == true)
    }
}
