import Testing

@testable import MartletSupervisor

@Suite("Worker messages")
struct WorkerMessageTests {
    private nonisolated static let listeners = [
        ListenerDescription(name: "http", address: "0.0.0.0:8080"), ListenerDescription(name: "", address: "unix:@ü"),
    ]
    private nonisolated static let commands: [WorkerCommand] = [
        .start(
            WorkerStart(
                slot: 1, generation: 3, statisticsOffset: 20_480, blockSize: 16_384, logLevel: "info",
                identity: "martletd", listeners: listeners)),
        .start(
            WorkerStart(
                slot: Int(UInt32.max), generation: .max, statisticsOffset: .max, blockSize: 0, logLevel: "",
                identity: "",
                listeners: [])),
        .adopt(slot: 2, listeners: listeners), .adopt(slot: 0, listeners: []), .release(slot: 7),
        .drain(milliseconds: 30_000), .stop, .logLevel("debug"), .reopenLogs, .prepareTLS(version: 2),
        .useTLS(version: .max),
    ]
    private nonisolated static let reports: [WorkerReport] = [
        .ready, .failed("cannot listen"), .failed(""), .event(level: "warning", text: "líne\nline"), .drained,
        .preparedTLS(version: 3), .refusedTLS(version: 4, reason: "no key"),
    ]

    @Test("a message that was written is read back", arguments: commands)
    func commandRoundTrip(command: WorkerCommand) throws {
        #expect(try WorkerCommand(decoding: command.encoded()) == command)
    }

    @Test("a report that was written is read back", arguments: reports)
    func reportRoundTrip(report: WorkerReport) throws {
        #expect(try WorkerReport(decoding: report.encoded()) == report)
    }

    @Test("a message cut short anywhere, or with a byte too many, is refused", arguments: commands)
    func wrongLength(command: WorkerCommand) throws {
        let bytes = try command.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: bytes + [0]) }
    }

    @Test("a report does not pass for a command, nor a command for a report")
    func directions() throws {
        for report in Self.reports {
            #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: report.encoded()) }
        }
        for command in Self.commands {
            #expect(throws: WorkerMessageError.self) { try WorkerReport(decoding: command.encoded()) }
        }
    }

    @Test("another version is refused by its number")
    func version() {
        let error = #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: [9, 5]) }
        #expect(error?.description == "malformed worker message at byte 0: its version is 9, not 1")
    }

    @Test(
        "hostile fields are refused",
        arguments: [
            ([1, 6, 2, 0, 0xFF, 0xFE], "a text is not UTF-8"),
            ([1, 6, 0xFF, 0xFF, 0x20], "a text of 65535 bytes is too long"),
            ([1, 2, 0, 0, 0, 0, 0xFF, 0xFF], "65535 listeners are too many"),
            ([1, 4, 255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615 is out of range"),
            ([1, 0], "kind 0 is unknown here"), ([], "it ends early"),
        ] as [([UInt8], String)])
    func hostile(bytes: [UInt8], reason: String) {
        let error = #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: bytes) }
        #expect(error?.reason == reason)
    }

    @Test("a message that is too long is refused both ways")
    func tooLong() {
        let long = [UInt8](repeating: 0, count: WorkerMessageFormat.longest + 1)
        #expect(throws: WorkerMessageError.self) { try WorkerCommand(decoding: [1, 5] + long) }
        let many = ListenerDescription(name: String(repeating: "x", count: 200), address: "0.0.0.0:1")
        #expect(throws: WorkerMessageError.self) {
            try WorkerCommand.adopt(slot: 0, listeners: Array(repeating: many, count: 100)).encoded()
        }
        #expect(throws: WorkerMessageError.self) {
            try WorkerCommand.adopt(slot: 0, listeners: Array(repeating: many, count: 254)).encoded()
        }
        #expect(throws: WorkerMessageError.self) { try WorkerCommand.release(slot: -1).encoded() }
    }

    @Test("a reason that is too long is shortened between two characters, never refused")
    func shortening() throws {
        let report = WorkerReport.failed(String(repeating: "ü", count: 5000))
        guard case .failed(let text) = try WorkerReport(decoding: report.encoded()) else {
            Issue.record("another report came back")
            return
        }
        #expect(text == String(repeating: "ü", count: 2048))
    }

    @Test("a character that does not fit whole is left out")
    func shorteningInside() throws {
        let report = WorkerReport.event(level: "error", text: String(repeating: "x", count: 4094) + "€€")
        let expected = WorkerReport.event(level: "error", text: String(repeating: "x", count: 4094))
        #expect(try WorkerReport(decoding: report.encoded()) == expected)
    }

    @Test("whatever is decoded encodes to the same bytes; random changes never trap", arguments: 0..<8 as Range<UInt64>)
    func randomChanges(seed: UInt64) throws {
        var dice = Dice(state: seed)
        for original in try Self.commands.map({ try $0.encoded() }) + Self.reports.map({ try $0.encoded() }) {
            for _ in 0..<300 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...3, using: &dice) {
                    bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
                }
                if let command = try? WorkerCommand(decoding: bytes) { #expect(try command.encoded() == bytes) }
                if let report = try? WorkerReport(decoding: bytes) { #expect(try report.encoded() == bytes) }
            }
        }
    }
}
