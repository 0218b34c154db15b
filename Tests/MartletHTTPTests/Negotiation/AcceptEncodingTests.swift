import Testing

@testable import MartletHTTP

@Suite("Accept-Encoding")
struct AcceptEncodingTests {
    /// Some are the examples of RFC 9110 §12.5.3.
    @Test(
        "the coding that is wanted most is chosen",
        arguments: [
            (nil, "identity"), ("", "identity"), ("compress, gzip", "gzip"), ("*", "br"), ("gzip, br", "br"),
            ("compress;q=0.5, gzip;q=1.0", "gzip"), ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"),
            ("identity", "identity"), ("identity;q=0", nil), ("*;q=0", nil), ("*;q=0, gzip", "gzip"),
            ("identity;q=1, gzip;q=0.5", "identity"), ("identity, gzip", "gzip"), ("gzip;q=0", "identity"),
            ("gzip;q=0, br;q=0, *", "identity"), ("GZip", "gzip"), ("x-gzip", "gzip"), ("br;q=0.001", "br"),
            ("gzip;q=0.5, *", "br"), ("gzip;q=high, br;q=0.1", "br"), ("gzip;q=0, identity;q=0", nil),
            ("@@@, gzip", "gzip"), ("*;q=0.5, identity;q=0.9", "identity"),
        ] as [(String?, String?)])
    func best(_ field: String?, _ expected: String?) {
        #expect(AcceptEncoding(field).best(of: [.brotli, .gzip])?.rawValue == expected)
    }

    @Test("without offers there is only identity")
    func identity() {
        #expect(AcceptEncoding("gzip").best(of: []) == .identity)
        #expect(AcceptEncoding("gzip, identity;q=0").best(of: []) == nil)
    }
}
