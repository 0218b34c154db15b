import Testing

@testable import MartletHTTP

@Suite("Accept")
struct AcceptTests {
    /// RFC 9110 §12.5.1, table 5.
    @Test(
        "the most specific range decides",
        arguments: [
            ("text/plain;format=flowed", 1000), ("text/plain", 700), ("text/html", 300), ("image/jpeg", 500),
            ("text/plain;format=fixed", 400), ("text/html;level=3", 700),
        ])
    func specificity(_ type: String, _ thousandths: Int) throws {
        let accept = Accept(
            "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5")
        let html = Accept("text/*;q=0.3, text/html;q=0.7, text/html;level=1, text/html;level=2;q=0.4, */*;q=0.5")
        let media = try #require(MediaType(type))
        let weight = media["level"] == nil ? accept.weight(of: media) : html.weight(of: media)
        #expect(weight.thousandths == thousandths)
    }

    @Test(
        "the offer that is wanted most is chosen, and the first of equals",
        arguments: [
            (nil, "text/html"), ("", "text/html"), ("*/*", "text/html"), ("application/*", "application/json"),
            ("audio/*; q=0.2, audio/basic", nil), ("text/plain; q=0.5, text/html, text/x-dvi; q=0.8", "text/html"),
            ("application/json, text/html", "text/html"), ("application/json, text/html;q=0.9", "application/json"),
            ("TEXT/HTML;q=0.1, */*;q=0", "text/html"), ("*/*;q=0", nil), ("nonsense", "text/html"),
            ("*/html", "text/html"), ("text/html;q=2, application/json", "application/json"),
            ("text/html;q=0, */*", "application/json"),
            ("text/html;level=1, application/json;q=0.5", "application/json"),
            ("application/json;Q=0.5, text/html;q=\"0.6\"", "text/html"), ("\"unclosed, text/html", "text/html"),
            ("application/json;q=0.5;ext=1, text/html;q=0.1", "text/html"),
        ] as [(String?, String?)])
    func best(_ field: String?, _ expected: String?) {
        #expect(Accept(field).best(of: [.html, .json])?.description == expected)
    }

    @Test(
        "browsers get pages, other clients problem documents",
        arguments: [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true),
            ("text/html, */*", true), ("text/*", true), ("text/html", true), (nil, false), ("*/*", false), ("", false),
            ("application/json", false), ("application/json, text/html;q=0.9", false),
            ("application/json, text/plain, */*", false), ("text/html;q=0.5, application/problem+json", false),
            ("text/html;q=0", false), ("image/*", false), ("text/html;q=0, */*", false),
        ] as [(String?, Bool)])
    func pages(_ field: String?, _ prefersHTML: Bool) {
        #expect(Accept(field).prefersHTML == prefersHTML)
    }

    @Test("elements beyond the limit are not looked at")
    func limit() {
        let many = String(repeating: "image/png, ", count: WeightedElement.maximumCount)
        #expect(Accept(many + "text/html").weight(of: .html) == .zero)
    }
}
