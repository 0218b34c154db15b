import Testing

@testable import MartletHTTP

@Suite("Server-sent events")
struct ServerSentEventTests {
    private func written(_ event: ServerSentEvent) -> String {
        var output = ByteBuffer()
        event.append(to: &output)
        return String(decoding: output.readableBytes, as: UTF8.self)
    }

    private func read(_ text: String, ends: [Int]? = nil) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        return try read(Array(text.utf8), ends: ends, &parser)
    }

    private func read(
        _ bytes: [UInt8], ends: [Int]? = nil, _ parser: inout ServerSentEventParser
    ) throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var offset = 0
        for end in ends ?? [bytes.count] {
            while let event = try parser.next(bytes.span.extracting(..<end), from: &offset) { events.append(event) }
            #expect(offset == end)
        }
        return events
    }

    @Test(
        "events are written with a line for each of theirs",
        arguments: [
            (ServerSentEvent(data: "a"), "data: a\n\n"), (ServerSentEvent(data: ""), "data: \n\n"),
            (ServerSentEvent(data: "a\nb\rc\r\nd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
            (
                ServerSentEvent(data: "a", event: "e", id: "1", retry: .milliseconds(1500), comment: "c\nd"),
                ": c\n: d\nevent: e\nid: 1\nretry: 1500\ndata: a\n\n"
            ),
            (ServerSentEvent(comment: ""), ": \n\n"), (ServerSentEvent(), "\n"), (ServerSentEvent(id: ""), "id: \n\n"),
            (ServerSentEvent(event: "a\r\ndata: b"), "event: a  data: b\n\n"),
            (ServerSentEvent(data: "x", id: "1\n2"), "data: x\n\n"), (ServerSentEvent(id: "1\0"), "\n"),
            (ServerSentEvent(retry: .seconds(-1)), "retry: 0\n\n"),
            (ServerSentEvent(retry: .nanoseconds(1_999_999)), "retry: 1\n\n"),
            (ServerSentEvent(retry: .seconds(Int64.max)), "retry: 9223372036854775807\n\n"),
        ])
    func writes(_ event: ServerSentEvent, _ text: String) {
        #expect(written(event) == text)
    }

    static let streams: [(String, [ServerSentEvent])] = [
        ("data: a\n\n", [ServerSentEvent(data: "a")]), ("data:a\rdata:  b\r\r", [ServerSentEvent(data: "a\n b")]),
        ("data: a\r\n\r\ndata\r\n\r\n", [ServerSentEvent(data: "a"), ServerSentEvent(data: "")]),
        ("\u{FEFF}data: a\n\n", [ServerSentEvent(data: "a")]), ("\n\u{FEFF}data: a\n\n", []),
        (": c\n\nid: 1\n\nevent: e\n\ndata: x\n\n", [ServerSentEvent(data: "x")]),
        (
            "event: a\nevent: b\ndata: x\nid: 7\nretry: 20\n\n",
            [
                ServerSentEvent(data: "x", event: "b", id: "7", retry: .milliseconds(20))
            ]
        ),
        ("event: a\nevent\ndata: x\nid: 7\nid\n\n", [ServerSentEvent(data: "x", id: "")]),
        ("data: x\nid: a\0b\nretry: 1x\nretry:\nretry: -1\nDATA: y\ndata : z\n\n", [ServerSentEvent(data: "x")]),
        ("data: \u{20AC}\n\ndata: cut", [ServerSentEvent(data: "\u{20AC}")]), ("data: cut\n", []),
        ("data: x\r\n\n\r", [ServerSentEvent(data: "x")]),
        ("data:\n\ndata: \n\n", [ServerSentEvent(data: ""), ServerSentEvent(data: "")]),
    ]

    @Test("streams are read as the standard has it, wherever they are split", arguments: streams)
    func reads(_ text: String, _ events: [ServerSentEvent]) throws {
        let count = text.utf8.count
        #expect(try read(text) == events)
        for split in 0...count { #expect(try read(text, ends: [split, count]) == events, "split at \(split)") }
        #expect(try read(text, ends: Array(0...count)) == events)
    }

    @Test("the last id and the time to wait outlive the events")
    func lastEventID() throws {
        var parser = ServerSentEventParser()
        let events = try read(
            Array("id: 1\nretry: 5\n\ndata: a\n\nretry: 99999999999999999999\nid: \0\n\n".utf8), &parser)
        #expect(events == [ServerSentEvent(data: "a")] && parser.lastEventID == "1")
        #expect(parser.reconnectionTime == .milliseconds(Int64.max))
    }

    @Test("bytes that are not UTF-8 become U+FFFD")
    func encoding() throws {
        var parser = ServerSentEventParser()
        #expect(try read(Array("data: ".utf8) + [0xFF, 0x0A, 0x0A], &parser) == [ServerSentEvent(data: "\u{FFFD}")])
    }

    @Test("an event larger than the limit is refused, wherever it is split")
    func limit() throws {
        let bytes = Array("data: 12345\n\ndata: 123456\n".utf8)
        for split in 0...bytes.count {
            var parser = ServerSentEventParser(limit: 11)
            let error = #expect(throws: ServerSentEventError.self) {
                _ = try read(bytes, ends: [split, bytes.count], &parser)
            }
            #expect(error?.limit == 11)
        }
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        var random = SplitMix64(seed: 5)
        let alphabet = Array("ab: \u{E9}\u{20AC}\u{FEFF}\t\n".unicodeScalars)
        for _ in 0..<1000 {
            let texts = (0..<3).map { _ in
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 1..<8, using: &random) {
                    text.append(alphabet.randomElement(using: &random)!)
                }
                return String(text)
            }
            let event = ServerSentEvent(
                data: texts[0], event: String(texts[1].map { $0 == "\n" ? "_" : $0 }),
                id: String(texts[2].map { $0 == "\n" ? "_" : $0 }),
                retry: .milliseconds(Int.random(in: 0..<9, using: &random)))
            var stream = written(ServerSentEvent(comment: texts[1])) + written(event)
            stream += written(event)
            #expect(
                try read(stream, ends: random.ends(stream.utf8.count)) == [event, event], "\(stream.debugDescription)")
        }
    }
}
