import Testing

@testable import MartletSupervisor

@Suite("Bus frames")
struct BusFrameTests {
    /// A message's frame as a worker writes it.
    private static func message(_ bytes: [UInt8], service: UInt8 = 1, dropped: UInt16 = 0) -> [UInt8] {
        var frame: [UInt8] = []
        BusFrame(messageOf: bytes.count, service: service, dropped: dropped).appendHeader(to: &frame)
        return frame + bytes
    }

    private static func frames(_ run: [UInt8]) -> [BusFrame] {
        run.withUnsafeBytes { BusFrames($0).map(\.frame) }
    }

    private static func split(_ stream: [UInt8], with splitter: inout BusFrameSplitter) -> [UInt8] {
        stream.withUnsafeBytes { splitter.split($0) }
    }

    @Test("a header is 16 bytes, as documented")
    func format() throws {
        let message = Self.message([7, 8], service: 5, dropped: 0x0102)
        #expect(message == [2, 0, 0, 0, 1, 5, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8])
        let news = BusFrame(.left, worker: 0x0102).header
        #expect(news == [0, 0, 0, 0, 4, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0])
        #expect(
            Self.frames(message + news) == [
                BusFrame(messageOf: 2, service: 5, dropped: 258), .init(.left, worker: 258),
            ])
    }

    @Test("wherever the stream is cut, the same frames come out")
    func cutAnywhere() {
        let stream =
            Self.message([]) + Self.message([1, 2, 3]) + Self.message([4]) + BusFrame(.joined, worker: 9).header
        for first in 0...stream.count {
            for second in first...stream.count {
                var splitter = BusFrameSplitter(accepting: [.message, .joined])
                var given: [UInt8] = []
                for part in [stream[..<first], stream[first..<second], stream[second...]] {
                    let run = Self.split(Array(part), with: &splitter)
                    #expect(Self.frames(run).reduce(0) { $0 + $1.size } == run.count, "only whole frames come out")
                    given += run
                }
                #expect(given == stream && splitter.error == nil)
            }
        }
    }

    @Test("the longest message is put together from parts of any size", arguments: [1 << 20, 65_536, 65_521])
    func longest(part: Int) {
        let stream = Self.message([1]) + Self.message([UInt8](repeating: 3, count: BusFrame.longestMessage))
        var splitter = BusFrameSplitter(accepting: [.message])
        var given: [UInt8] = []
        for start in stride(from: 0, to: stream.count, by: part) {
            given += Self.split(Array(stream[start..<min(start + part, stream.count)]), with: &splitter)
        }
        #expect(given == stream)
    }

    @Test(
        "what is no frame ends the stream with the reason, and what came before it still counts",
        arguments: [
            ([1, 0, 16, 0, 1], .tooLong(1_048_577)), ([255, 255, 255, 255, 1], .tooLong(4_294_967_295)),
            ([0, 0, 0, 0, 0], .unknownKind(0)), ([0, 0, 0, 0, 5], .unknownKind(5)),
            ([0, 0, 0, 0, 2], .unexpectedKind(.welcome)), ([1, 0, 0, 0, 3], .tooLong(1)),
        ] as [([UInt8], BusFrameError)])
    func broken(start: [UInt8], error: BusFrameError) {
        let good = Self.message([1, 2])
        let stream = good + start + [UInt8](repeating: 0, count: BusFrame.headerSize - start.count) + good
        for cut in 0...stream.count {
            var splitter = BusFrameSplitter(accepting: [.message])
            var given = Self.split(Array(stream[..<cut]), with: &splitter)
            given += Self.split(Array(stream[cut...]), with: &splitter)
            #expect(given == good)
            #expect(splitter.error == error)
            #expect(Self.split(good, with: &splitter).isEmpty)
        }
    }

    @Test("random changes and cuts never trap, and cuts change nothing", arguments: 0..<8 as Range<UInt64>)
    func random(seed: UInt64) {
        var dice = Dice(state: seed)
        for _ in 0..<500 {
            var stream: [UInt8] = []
            for _ in 0..<Int.random(in: 1...5, using: &dice) {
                stream += Self.message([UInt8](repeating: 1, count: Int.random(in: 0...40, using: &dice)))
            }
            for _ in 0..<Int.random(in: 0...2, using: &dice) {
                stream[Int.random(in: 0..<stream.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
            var whole = BusFrameSplitter(accepting: [.message])
            let expected = Self.split(stream, with: &whole)
            var splitter = BusFrameSplitter(accepting: [.message])
            var given: [UInt8] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...30, using: &dice))
                given += Self.split(Array(part), with: &splitter)
                rest = rest.dropFirst(part.count)
            }
            #expect(given == expected && splitter.error == whole.error)
        }
    }
}
