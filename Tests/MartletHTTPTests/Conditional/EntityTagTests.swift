import Testing

@testable import MartletHTTP

@Suite("Entity tags")
struct EntityTagTests {
    @Test("tags come back as they went", arguments: ["\"xyzzy\"", "W/\"xyzzy\"", "\"\"", "\"a,b\\\"", "\"é\""])
    func roundTrip(_ text: String) {
        #expect(EntityTag(text)?.description == text)
    }

    @Test(
        "what is no tag is none",
        arguments: [
            "", "xyzzy", "\"", "\"a", "a\"", "w/\"a\"", "W/a", "W\"a\"", "\"a b\"", "\"a\"b", "\"a\"\"", " \"a\"",
        ])
    func refuses(_ text: String) {
        #expect(EntityTag(text) == nil)
    }

    @Test("a tag of one's own is of visible ASCII", arguments: ["a\"b", "a b", "é", "\r\n", "\u{7F}"])
    func own(_ opaque: String) {
        #expect(EntityTag(opaque: opaque) == nil)
    }

    /// RFC 9110 §8.8.3.2, table 3.
    @Test(
        "tags are compared strongly and weakly",
        arguments: [
            ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ])
    func compares(_ left: String, _ right: String, _ strongly: Bool, _ weakly: Bool) throws {
        let tags = (try #require(EntityTag(left)), try #require(EntityTag(right)))
        #expect(tags.0.matchesStrongly(tags.1) == strongly)
        #expect(tags.0.matchesWeakly(tags.1) == weakly)
    }

    @Test("characters that only look alike are not the same")
    func bytewise() throws {
        let kelvin = try #require(EntityTag("\"\u{212A}\""))
        let letter = try #require(EntityTag("\"K\""))
        #expect(kelvin != letter)
        #expect(!kelvin.matchesWeakly(letter))
    }

    @Test(
        "a list is read as far as it can be",
        arguments: [
            ("\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", ["\"xyzzy\"", "\"r2d2xxxx\"", "\"c3piozzzz\""]),
            ("W/\"xyzzy\",W/\"r2d2\"", ["W/\"xyzzy\"", "W/\"r2d2\""]), (" , \"a,b\" ,, ", ["\"a,b\""]),
            ("abc, \"a\"", ["\"a\""]), ("\"a, \"b\"", ["\"b\""]), ("\"a\"x, \"b\"", ["\"b\""]),
            ("\"a\" \"b\", \"c\"", ["\"c\""]),
            ("", []), ("*", []), ("\"", []), ("W/", []),
        ])
    func lists(_ field: String, _ tags: [String]) {
        #expect(EntityTagList(field).map(\.description) == tags)
    }

    @Test("an asterisk is any tag only when it stands alone")
    func any() {
        #expect(EntityTagList("*").isAny)
        #expect(EntityTagList(" * ").isAny)
        #expect(!EntityTagList("*, \"a\"").isAny)
        #expect(!EntityTagList("").isAny)
    }
}
