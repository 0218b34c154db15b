import MartletStore
import Testing

@testable import MartletStoreService

@Suite struct TimeToLiveTests {
    @Test(
        "seconds are read to the millisecond, and nothing else is",
        arguments: [
            ("1", 1000), ("60", 60_000), ("0.5", 500), ("1.25", 1250), ("0.001", 1),
            ("999999999999", 999_999_999_999_000),
            ("0", nil), ("0.0", nil), ("", nil), ("-1", nil), ("+1", nil), ("1.", nil), (".5", nil), ("1.0001", nil),
            ("1e3", nil), ("1 ", nil), ("9999999999999", nil), ("1.2.3", nil), ("١", nil),
        ] as [(String, Int64?)])
    nonisolated func reading(text: String, milliseconds: Int64?) {
        #expect(TimeToLive.milliseconds(text) == milliseconds)
    }

    @Test("a cursor comes back as the key it was made of, and others are refused") nonisolated func cursors() {
        for key in [[], [0], [255, 254], Array("b/10".utf8)] as [[UInt8]] {
            #expect(StoreCursor.key(StoreCursor.text(StoreKey(key)), longest: 16) == StoreKey(key))
        }
        for text in ["!", "a", "====", "YQ==x", "Y\u{0}", String(repeating: "A", count: 1000)] {
            #expect(StoreCursor.key(text, longest: 16) == nil)
        }
    }
}
