import Testing

@testable import MartletSupervisor

@Suite("Text commands")
struct ControlTextTests {
    @Test(
        "a line means a command with what it was given",
        arguments: [
            ("show info", "/v1/info", nil, ControlPatience.started),
            ("  show   workers ", "/v1/workers", nil, .started),
            ("reload", "/v1/reload", nil, .verdict),
            ("reload nowait", "/v1/reload", nil, .started),
            ("reload wait", "/v1/reload", nil, .end),
            ("scale 4", "/v1/scale", "4", .verdict),
            ("scale 4 wait", "/v1/scale", "4", .end),
            ("drain", "/v1/drain", nil, .started),
            ("stop wait", "/v1/stop", nil, .end),
            ("set log-level debug", "/v1/log-level", "debug", .started),
        ] as [(String, String, String?, ControlPatience)])
    func commands(line: String, path: String, argument: String?, patience: ControlPatience) throws {
        let (command, request) = try ControlText.parse(line, in: ControlCommands.all)
        #expect(command.route.path == path)
        #expect(request == ControlRequest(argument: argument, patience: patience))
    }

    @Test(
        "what is no command is refused, with what to do",
        arguments: [
            ("", "help"), ("show", "show"), ("relaod", "\"reload\""), ("show wrokers", "\"show workers\""),
            ("scale", "usage: scale WORKERS"), ("scale 1 2", "usage"), ("reload now", "usage: reload [nowait|wait]"),
            ("drain nowait", "usage"), ("show info please", "usage"),
        ])
    func refusals(line: String, advice: String) {
        let refusal = #expect(throws: ControlRefusal.self) { try ControlText.parse(line, in: ControlCommands.all) }
        #expect(refusal?.message.contains(advice) == true, "\(refusal?.message ?? "")")
    }

    @Test("a refusal's first line starts with error, and an empty line ends it")
    func rendering() {
        let text = ControlText.rendering(ControlRefusal(.failed, "one\n\ntwo"))
        #expect(text == "error: one\n       two\n\n")
    }

    @Test("no two commands share words or a path, and every one is listed by help")
    func table() {
        let all = ControlCommands.all
        #expect(Set(all.map(\.words)).count == all.count)
        #expect(Set(all.map(\.route.path)).count == all.count)
        let help = HelpAnswer(all)
        for command in all { #expect(help.text.contains(command.usage)) }
        #expect(!help.text.contains("\n\n"))
    }

    @Test("a process without supervisor answers alike to what it can be asked")
    func loneProcess() throws {
        let all = Dictionary(uniqueKeysWithValues: ControlCommands.all.map { ($0.words, $0.route) })
        for command in LoneProcess.commands { #expect(all[command.words] == command.route) }
        #expect(HelpAnswer(LoneProcess.commands).text.contains("show stat"))
    }

    @Test("only what shows is a GET")
    func methods() {
        for command in ControlCommands.all {
            #expect(command.changesSomething != ["help", "show"].contains(command.words[0]))
        }
    }

    @Test("columns line up")
    func columns() {
        var table = TextTable(["slot", "state"])
        table.add(["0", "ready"])
        table.add(["12", "-"])
        #expect(table.text == "slot  state\n0     ready\n12        -")
    }

    @Test(
        "figures are readable",
        arguments: [
            (Readable.seconds(59), "59s"), (Readable.seconds(725), "12m05s"), (Readable.seconds(11_220), "3h07m"),
            (Readable.seconds(1_051_200), "12d4h"), (Readable.bytes(1023), "1023"), (Readable.bytes(7_549_747), "7.1M"),
            (Readable.bytes(.max), "17179869183.9G"), (Readable.oneDecimal(12.34), "12.3"),
            (Readable.oneDecimal(.infinity), "1000000000000.0"),
        ])
    func figures(text: String, expected: String) {
        #expect(text == expected)
    }
}
