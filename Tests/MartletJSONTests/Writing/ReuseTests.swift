import Glibc
import MartletJSON
import Testing

/// One document after the other is written into the same memory: nothing of one may be seen in another.
struct ReuseTests {
    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONWriter().write(value), as: UTF8.self)
    }

    /// Writes another document while it is being written itself.
    private struct Quoting: Encodable {
        let inner: [String: Int]

        private enum CodingKeys: CodingKey { case before, quoted, after }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(1, forKey: .before)
            let quoted = try JSONWriter().withBytes(of: inner) { bytes in
                // And a third one, while somebody reads the second.
                let length = try JSONWriter().write(["length": bytes.count]).count
                return String(decoding: bytes, as: UTF8.self) + "\(length)"
            }
            try container.encode(quoted, forKey: .quoted)
            try container.encode(2, forKey: .after)
        }
    }

    @Test("a document that is written while another one is has memory of its own")
    func nested() throws {
        for _ in 0..<3 {
            #expect(
                try text(Quoting(inner: ["a": 1])) == #"{"before":1,"quoted":"{\"a\":1}12","after":2}"#)
        }
    }

    /// Keeps its encoder beyond its end.
    private final class Hoarder: Encodable {
        private(set) var kept: (any SingleValueEncodingContainer)?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            kept = container
            try container.encode("hoarded")
        }

        func writeTooLate() { try? kept?.encode("too late") }
    }

    @Test("an encoder that was kept cannot write into a later document")
    func escaped() throws {
        let hoarder = Hoarder()
        #expect(try text(hoarder) == #""hoarded""#)
        #expect(try text(["first": 1]) == #"{"first":1}"#)
        hoarder.writeTooLate()
        #expect(try text(["second": 2]) == #"{"second":2}"#)
    }

    private struct Failing: Encodable {
        struct Failure: Error {}
        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode("half of it")
            throw Failure()
        }
    }

    @Test("what failed leaves nothing behind")
    func failures() throws {
        for _ in 0..<3 {
            #expect(throws: Failing.Failure.self) { try text([Failing()]) }
            #expect(throws: EncodingError.self) { try text(["a": Double.nan]) }
            struct Stop: Error {}
            #expect(throws: Stop.self) { try JSONWriter().withBytes(of: [1, 2, 3]) { _ in throw Stop() } }
            #expect(try text([1]) == "[1]")
        }
    }

    @Test("the settings are those of each writer")
    func settings() throws {
        struct Told: Encodable {
            static let key = CodingUserInfoKey(rawValue: "word")!
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(encoder.userInfo[Told.key] as? String)
            }
        }
        var writer = JSONWriter()
        writer.userInfo[Told.key] = "hello"
        #expect(String(decoding: try writer.write(Told()), as: UTF8.self) == #""hello""#)
        #expect(try text(Told()) == "null")
        #expect(throws: EncodingError.self) { try JSONWriter(depthLimit: 1).write([[1]]) }
        #expect(try text([[1]]) == "[[1]]")
    }

    @Test("documents of all sizes in turn")
    func sizes() throws {
        for size in [0, 1, 255, 256, 257, 70_000, 3, 65_536, 10, 200_000, 0] {
            let value = String(repeating: "x", count: size)
            #expect(try text([value, value]) == "[\"\(value)\",\"\(value)\"]")
        }
    }

    @Test("each thread has memory of its own")
    func threads() {
        // Each writes many documents of its own, and ends with memory that it has kept.
        typealias Result = (index: Int, isRight: Bool)
        var threads: [pthread_t] = []
        var boxes: [UnsafeMutablePointer<Result>] = []
        for index in 0..<4 {
            let box = UnsafeMutablePointer<Result>.allocate(capacity: 1)
            box.initialize(to: (index, false))
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { argument in
                    let result = argument!.assumingMemoryBound(to: Result.self)
                    let expected = "{\"thread\":\(result.pointee.index)}"
                    result.pointee.isRight = (0..<1000).allSatisfy { _ in
                        let bytes = try? JSONWriter().write(["thread": result.pointee.index])
                        return bytes.map { String(decoding: $0, as: UTF8.self) } == expected
                    }
                    return nil
                }, box)
            threads.append(thread)
            boxes.append(box)
        }
        for thread in threads { pthread_join(thread, nil) }
        for box in boxes {
            #expect(box.pointee.isRight)
            box.deallocate()
        }
    }
}
