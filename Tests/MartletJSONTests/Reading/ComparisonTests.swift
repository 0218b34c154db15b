import FoundationEssentials
import MartletJSON
import Testing

/// Ours next to Foundation's.
struct ComparisonTests {
    @Test("random documents mean what Foundation reads in them", arguments: 0..<8)
    func documents(_ seed: UInt64) throws {
        var random = RandomJSON(seed: seed + 100)
        for _ in 0..<500 {
            let document = random.document()
            let ours = try JSONReader().read(AnyJSON.self, from: Array(document.utf8))
            let theirs = try JSONDecoder().decode(AnyJSON.self, from: Data(document.utf8))
            #expect(ours == theirs, "\(document)")
        }
    }

    @Test("a damaged document is refused, or means what Foundation reads in it", arguments: 0..<8)
    func damagedDocuments(_ seed: UInt64) {
        var random = RandomJSON(seed: seed + 200)
        for _ in 0..<1000 {
            let document = random.damaged(Array(random.document(depth: 2).utf8))
            guard let ours = try? JSONReader().read(AnyJSON.self, from: document) else { continue }
            let theirs = try? JSONDecoder().decode(AnyJSON.self, from: Data(document))
            // A number nearer to 0 than any Double is 0 for us, an error for Foundation.
            #expect(ours == theirs || (theirs == nil && document.contains(UInt8(ascii: "e"))), "\(document)")
        }
    }

    @Test("what is written reads the same for both, and is what was written", arguments: 0..<4)
    func writing(_ seed: UInt64) throws {
        var random = RandomJSON(seed: seed + 300)
        for _ in 0..<300 {
            let value = try JSONReader().read(AnyJSON.self, from: Array(random.document().utf8))
            let bytes = try JSONWriter().write(value)
            #expect(
                try JSONReader().read(AnyJSON.self, from: bytes) == value, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(try JSONDecoder().decode(AnyJSON.self, from: Data(bytes)) == value)
        }
    }
}
