import Testing

@testable import MartletHTTP

@Suite("Hostile fields")
struct HostileFieldTests {
    private static let fields = [
        "bytes=0-499, -500", "\"a\", W/\"b\"", "text/html;level=1;q=0.5, */*;q=\"0.1\"", "gzip;q=1.0, *;q=0",
        "da, en-gb;q=0.8, zh-Hant-x-a", "multipart/form-data; boundary=\"a b\\\"c\"", "SID=31d4; lang=\"en-US\"",
        "for=\"[2001:db8::17]:4711\";proto=https;host=a.b", "203.0.113.195, [2001:db8::1]:80, fe80::1%eth0",
        "2001:db8::/32", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "rojo=00f0,fw@dt=F b",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Bearer mF_9.B5f-4.1JqM==", "Sun, 06 Nov 1994 08:49:37 GMT",
    ]

    /// Reads `field` as everything, and returns what is written of that.
    private func readAll(_ field: String) -> [String?] {
        let tag = EntityTag(opaque: "a")
        let date = HTTPDate(unixTime: 0)
        let conditions = Preconditions(
            method: .get, ifMatch: field, ifNoneMatch: field, ifModifiedSince: field, ifUnmodifiedSince: field)
        let ranges = RangeRequest(field)?.resolve(length: 500)
        let nodes = Forwarded(field).nodes + XForwarded(for: field, proto: field, host: field).nodes
        return [
            EntityTag(field)?.description, "\(conditions.evaluate(tag: tag, lastModified: date))",
            "\(IfRange(field).matches(tag: tag, lastModified: date))", ranges.map { "\($0)" },
            Accept(field).best(of: [.json, .html])?.description, AcceptEncoding(field).best(of: [.gzip])?.description,
            AcceptLanguage(field).best(of: ["en", "de-AT"]), MediaType(field)?.description,
            Cookies(field).map(\.name).joined(), AddressPrefix(field)?.description, TraceParent(field)?.description,
            ClientChain.resolve(peer: "::1", nodes: nodes) { _ in true }.address, TraceState(field)?.description,
            BasicCredentials(authorization: field)?.authorization, BearerToken(authorization: field)?.authorization,
            (try? SetCookie("a", field, path: field))?.description, Challenge.basic(realm: field).description,
            ContentDisposition.attachment(filename: field).description,
        ]
    }

    @Test("what is cut off anywhere is read without a trap", arguments: fields)
    func truncated(_ field: String) {
        for end in 0...field.utf8.count { check(Array(field.utf8.prefix(end))) }
    }

    @Test("what is changed anywhere is read without a trap, and nothing written splits a field", arguments: fields)
    func mutated(_ field: String) {
        let interesting = Array("\"\\,;=*/-:[]%_ \t\0\r\n0aW\u{7F}é".utf8) + [0xFF, 0xC3]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var bytes = Array(field.utf8)
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let byte = interesting[Int.random(in: 0..<interesting.count, using: &random)]
                if Bool.random(using: &random) { bytes[place] = byte } else { bytes.insert(byte, at: place) }
            }
            check(bytes)
        }
    }

    private func check(_ bytes: [UInt8]) {
        let field = String(decoding: bytes, as: UTF8.self)
        // These show their input, which a server has from a field that the parser of heads has let through.
        guard !field.utf8.contains(where: ASCII.isControl) else {
            _ = readAll(field)
            return
        }
        for text in readAll(field) { #expect(text?.utf8.contains(where: ASCII.isControl) != true) }
    }
}
