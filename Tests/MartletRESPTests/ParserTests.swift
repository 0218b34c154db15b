import MartletRESP
import Testing

@Suite("parser of RESP")
struct ParserTests {
    @Test("every type is read, whole and cut at every byte", arguments: Inputs.values)
    func types(_ text: String, _ value: RESPValue) {
        let expected = [value, .simple("next")]
        let bytes = Array((text + "+next\r\n").utf8)
        #expect(Reading(bytes).values == expected)
        #expect(Reading(bytes, pieces: [1]).values == expected)
        for cut in 1..<bytes.count {
            let reading = Reading(bytes, pieces: [cut, .max])
            #expect(reading.values == expected && reading.error == nil && !reading.isWithinValue, "cut at \(cut)")
        }
    }

    @Test(
        "who wants text gets a bulk that is an answer by itself, and there as a whole, as text, and all else as it is")
    func texts() {
        for (text, value) in Inputs.values {
            let bytes = Array((text + "$2\r\nhi\r\n").utf8)
            var expected = value
            if text.hasPrefix("$"), case .bulk(let content) = value {
                expected = .simple(String(decoding: content, as: UTF8.self))
            }
            #expect(
                [[expected, .simple("hi")], [value, .simple("hi")]].contains(Reading(bytes, asText: true).values))
            for cut in 1..<bytes.count {
                let reading = Reading(bytes, pieces: [cut, .max], asText: true)
                #expect(reading.values.map(\.text) == [value.text, "hi"] && reading.error == nil, "cut at \(cut)")
            }
        }
        for (text, code) in Inputs.mistakes { #expect(Reading(text, asText: true).error?.code == code) }
        #expect(Reading("$3\r\nabc\r\n", asText: true).values == [.simple("abc")])
        #expect(Reading("*1\r\n$3\r\nabc\r\n", asText: true).values == [.array([.bulk("abc")])])
    }

    @Test("nan is read as such")
    func nan() {
        guard case .double(let value) = Reading(",nan\r\n").values.first else {
            Issue.record("no double")
            return
        }
        #expect(value.isNaN)
    }

    @Test("a beginning of a value is no value, and is known as one")
    func beginnings() {
        for (text, _) in Inputs.values {
            let bytes = Array(text.utf8)
            for count in 1..<bytes.count {
                let reading = Reading(Array(bytes[..<count]))
                #expect(reading.values.isEmpty && reading.error == nil && reading.isWithinValue)
            }
        }
    }

    @Test("attributes are kept where that is asked for")
    func attributes() {
        let attribute = RESPValue.Entry(.simple("ttl"), .integer(5))
        #expect(
            Reading("|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n", keepsAttributes: true).values
                == [.attributed(.bulk("x"), attributes: [attribute])])
        #expect(
            Reading("*1\r\n|1\r\n+ttl\r\n:5\r\n*1\r\n:1\r\n", keepsAttributes: true).values
                == [.array([.attributed(.array([.integer(1)]), attributes: [attribute])])])
    }

    @Test("what breaks the protocol is an error, however it is cut", arguments: Inputs.mistakes)
    func mistakes(_ text: String, _ code: RESPError.Code) {
        #expect(Reading(text).error?.code == code)
        #expect(Reading(text, pieces: [1]).error?.code == code)
    }

    @Test("limits hold, and lengths that lie take no memory")
    func limits() {
        var limits = RESPLimits()
        limits.depth = 3
        limits.bulkBytes = 10
        limits.values = 8
        limits.bytes = 100
        limits.lineBytes = 20
        let tooLarge = [
            "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "$11\r\n", "$?\r\n;6\r\nabcdef\r\n;5\r\n", "*9\r\n", "%5\r\n", "|5\r\n",
            "*4\r\n*1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n*4\r\n:1\r\n",
            "+aaaaaaaaaaaaaaaaaaaaaaa\r\n", "-aaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "*8\r\n" + String(repeating: "$10\r\n0123456789\r\n", count: 8),
        ]
        for text in tooLarge {
            #expect(Reading(text, limits: limits).error?.code == .tooLarge, "\(text)")
            #expect(Reading(text, pieces: [1], limits: limits).error?.code == .tooLarge, "\(text)")
        }
        #expect(Reading("*2\r\n*1\r\n*1\r\n:1\r\n$10\r\n0123456789\r\n", limits: limits).values.count == 1)
        // A budget is for one answer.
        #expect(Reading(String(repeating: "$10\r\n0123456789\r\n", count: 50), limits: limits).values.count == 50)
        #expect(Reading("$536870912\r\nab").isWithinValue)
        #expect(Reading("*16777216\r\n").isWithinValue)
    }

    @Test("a nesting bomb is an error")
    func bomb() {
        #expect(Reading(String(repeating: "*1\r\n", count: 100_000)).error?.code == .tooLarge)
        #expect(Reading(String(repeating: "|1\r\n", count: 100_000)).error?.code == .tooLarge)
    }

    @Test("attributes and pieces one behind the other are read in one pass")
    func manyFrames() {
        let frames = String(repeating: "|1\r\n_\r\n_\r\n", count: 100_000)
        #expect(Reading(frames + ":1\r\n").values == [.integer(1)])
        let pieces = "$?\r\n" + String(repeating: ";1\r\na\r\n", count: 100_000) + ";0\r\n"
        #expect(Reading(pieces).values == [.bulk([UInt8](repeating: UInt8(ascii: "a"), count: 100_000))])
    }

    @Test("a large bulk in small pieces is read in one pass")
    func largeBulk() {
        let content = [UInt8](repeating: 7, count: 8 << 20)
        let bytes = Array("$\(content.count)\r\n".utf8) + content + Array("\r\n".utf8)
        #expect(Reading(bytes, pieces: [1000]).values == [.bulk(content)])
    }

    @Test("an array that is there as a whole is what it is byte by byte, whatever is in it and whatever the limits are")
    func wholeArrays() {
        let elements = [
            "$3\r\nabc\r\n", "$0\r\n\r\n", "$-1\r\n", "_\r\n", ":7\r\n", "+OK\r\n", "-ERR no\r\n", "*1\r\n$1\r\nx\r\n",
            "$-2\r\n", "$3\r\nabcd\r\n", "$3\rabc\r\n", "_x\r\n", "_\n", "$\r\n", "$12345678901234567890\r\n",
            "$03\r\nabc\r\n",
            "$1\r\nx\rx", "",
        ]
        var arrays = ["*3\r\n", "*0\r\n", "*128\r\n", "*129\r\n", "*002\r\n", "*-1\r\n", "*x\r\n"]
        for first in elements {
            arrays.append("*1\r\n\(first)")
            for second in elements { arrays.append("*2\r\n\(first)\(second)") }
        }
        for count in [127, 128, 129, 300] {
            arrays.append("*\(count)\r\n" + String(repeating: "$1\r\nx\r\n$-1\r\n", count: count / 2 + 1))
        }
        var limits = [RESPLimits(), RESPLimits(), RESPLimits(), RESPLimits(), RESPLimits(), RESPLimits()]
        limits[1].values = 2
        limits[2].bytes = 18
        limits[3].bulkBytes = 2
        limits[4].lineBytes = 4
        limits[5].depth = 0
        for array in arrays {
            for limits in limits {
                let bytes = Array((array + "+next\r\n").utf8)
                let (whole, cut) = (Reading(bytes, limits: limits), Reading(bytes, pieces: [1], limits: limits))
                #expect(
                    whole.values == cut.values && whole.error?.code == cut.error?.code,
                    "\(array.debugDescription) within \(limits)")
            }
        }
    }

    @Test("many values in one piece are all found")
    func many() {
        let text = (0..<1000).map { "*2\r\n$3\r\nkey\r\n:\($0)\r\n" }.joined()
        let expected = (0..<1000).map { RESPValue.array([.bulk("key"), .integer(Int64($0))]) }
        for size in [1, 7, 64, 1000, Int.max] { #expect(Reading(text, pieces: [size]).values == expected) }
    }
}

enum Inputs {
    static let values: [(String, RESPValue)] = [
        ("$5\r\nhello\r\n", .bulk("hello")),
        ("$0\r\n\r\n", .bulk("")),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("+OK\r\n", .simple("OK")),
        ("+\r\n", .simple("")),
        ("+grüße\r\n", .simple("grüße")),
        (":0\r\n", .integer(0)),
        (":-42\r\n", .integer(-42)),
        (":+7\r\n", .integer(7)),
        (":9223372036854775807\r\n", .integer(.max)),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("-WRONGTYPE Operation\r\n", .error(RESPErrorReply("WRONGTYPE Operation"))),
        ("!8\r\nERR a\r\nb\r\n", .error(RESPErrorReply("ERR a\r\nb"))),
        (",3.25\r\n", .double(3.25)),
        (",10\r\n", .double(10)),
        (",-1.5e-3\r\n", .double(-0.0015)),
        (",inf\r\n", .double(.infinity)),
        (",-inf\r\n", .double(-.infinity)),
        ("#t\r\n", .boolean(true)),
        ("#f\r\n", .boolean(false)),
        ("(3492890328409238509324850943850943825024385\r\n", .bigNumber("3492890328409238509324850943850943825024385")),
        ("(-1\r\n", .bigNumber("-1")),
        ("=8\r\ntxt:text\r\n", .verbatim(format: "txt", text: Array("text".utf8))),
        ("*0\r\n", .array([])),
        ("*2\r\n$1\r\na\r\n:1\r\n", .array([.bulk("a"), .integer(1)])),
        ("*2\r\n*1\r\n*0\r\n$-1\r\n", .array([.array([.array([])]), .null])),
        ("%1\r\n+k\r\n*1\r\n:1\r\n", .map([.init(.simple("k"), .array([.integer(1)]))])),
        ("%0\r\n", .map([])),
        ("~2\r\n+a\r\n+b\r\n", .set([.simple("a"), .simple("b")])),
        (">2\r\n+message\r\n$1\r\nx\r\n", .push([.simple("message"), .bulk("x")])),
        ("*?\r\n:1\r\n:2\r\n.\r\n", .array([.integer(1), .integer(2)])),
        ("%?\r\n+a\r\n:1\r\n.\r\n", .map([.init(.simple("a"), .integer(1))])),
        ("~?\r\n.\r\n", .set([])),
        ("$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", .bulk("Hello")),
        ("*1\r\n$?\r\n;0\r\n", .array([.bulk("")])),
        ("|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n", .bulk("x")),
        ("*2\r\n|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n:3\r\n:4\r\n", .array([.integer(3), .integer(4)])),
    ]

    static let mistakes: [(String, RESPError.Code)] = [
        ("hello\r\n", .type), ("\r\n", .line), ("+OK\n", .line), ("+\n", .line), ("$1\r\nab\r\n", .line),
        ("$2\r\na\r\n\r\n", .line), ("$3\r\nabc\n\r", .line), ("$x\r\n", .length), ("$-2\r\n", .length),
        ("$\r\n", .length),
        ("$+1\r\n", .length), ("$-0\r\n", .length), ("$99999999999999999999\r\n", .length), ("*-2\r\n", .length),
        ("%-1\r\n", .length), ("~x\r\n", .length), (">?\r\n", .length), ("|-1\r\n", .length), ("!-1\r\n", .length),
        (":\r\n", .value), (":1x\r\n", .value), (":9223372036854775808\r\n", .value), (":--1\r\n", .value),
        (",x\r\n", .value), (",0x1p3\r\n", .value), (",\r\n", .value), ("#true\r\n", .value), ("#\r\n", .value),
        ("(\r\n", .value), ("(1.5\r\n", .value), ("_x\r\n", .value), ("=3\r\ntxt\r\n", .value),
        ("=4\r\ntext\r\n", .value),
        ("*1\r\n>1\r\n+a\r\n", .nesting), (".\r\n", .nesting), ("*1\r\n.\r\n", .nesting),
        ("%?\r\n+a\r\n.\r\n", .nesting),
        (";1\r\na\r\n", .nesting), ("$?\r\n+a\r\n", .nesting), ("*?\r\n|1\r\n+a\r\n+b\r\n.\r\n", .nesting),
    ]
}
