import Testing

@testable import MartletServer

@Suite("SipHash")
struct SipHashTests {
    private static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    // From the paper's appendix A and its reference implementation: the key 00 01 … 0f, the message 00 01 … n-1.
    @Test(
        "hashes as the paper says",
        arguments: [(0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5)]
            as [(UInt64, UInt64)])
    func vectors(length: UInt64, hash: UInt64) {
        var sipHash = SipHash(key: Self.key)
        if length >= 8 { sipHash.add(0x0706_0504_0302_0100 as UInt64) }
        let tail = (length / 8 * 8..<length).reversed().reduce(UInt64(0)) { $0 << 8 | $1 }
        #expect(sipHash.finish(tail: tail, tailCount: length % 8) == hash)
    }

    @Test("texts that are cut elsewhere hash to something else")
    func texts() {
        func hash(_ texts: [String]) -> UInt64 {
            var sipHash = SipHash(key: Self.key)
            for text in texts { sipHash.add(text) }
            return sipHash.finish()
        }
        let all = [
            ["ab", "c"], ["a", "bc"], ["abc"], ["", "abc"], ["abc", ""], ["abcdefgh"], ["abcdefgh", ""], [],
        ]
        #expect(Set(all.map(hash)).count == all.count)
        #expect(hash(["abc"]) == hash(["abc"]))
    }
}
