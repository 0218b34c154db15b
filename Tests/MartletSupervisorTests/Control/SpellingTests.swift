import Testing

@testable import MartletSupervisor

@Suite("Spelling")
nonisolated struct SpellingTests {
    @Test(
        "the distance counts insertions, deletions, replacements and swaps",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1),
            ("abc", "xabc", 1),
            ("abcd", "abdc", 1), ("wrokers", "workers", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
        ])
    func distance(left: String, right: String, distance: Int) {
        #expect(Spelling.distance(Array(left), Array(right)) == distance)
        #expect(Spelling.distance(Array(right), Array(left)) == distance)
    }

    @Test(
        "only what was perhaps meant is suggested",
        arguments: [
            ("adress", "address"), ("ADDRESS", "address"), ("wrokers", "workers"), ("backlg", "backlog"),
            ("idel", "idle"),
            ("zzz", nil), ("x", nil), ("", nil), ("connections", nil),
        ])
    func nearest(word: String, meant: String?) {
        #expect(Spelling.nearest(to: word, among: ["address", "workers", "backlog", "idle"]) == meant)
    }
}
