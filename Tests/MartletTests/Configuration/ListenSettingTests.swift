import Testing

@testable import Martlet

@Suite("What a configuration says of addresses")
nonisolated struct ListenSettingTests {
    @Test(
        "what is wrong is named with its line and what to do",
        arguments: [
            (
                "[[listen]]\naddress = \":1\"\n\n[[listen]]\nadress = \":2\"\naddress = \":3\"",
                "m.toml:5: unknown key \"adress\" in [[listen]]; did you mean \"address\"?"
            ),
            ("[[listen]]\nname = \"a\"", "m.toml:1: missing key \"address\" in [[listen]]"),
            (
                "[[listen]]\naddress = \"127.0.0.1:0\"",
                "m.toml:2: \"address\" in [[listen]]: \"127.0.0.1:0\": port 0 would be another port for each worker; name one"
            ),
            (
                "[[listen]]\naddress = \"127.0.0.1:1\"\n[[listen]]\naddress = \"127.0.0.1:01\"",
                "m.toml:4: the address \"127.0.0.1:01\" is listed already, in line 2"
            ),
            (
                "[[listen]]\naddress = \":1\"\nname = \"a\"\n[[listen]]\naddress = \":2\"\nname = \"a\"",
                "m.toml:6: the name \"a\" is taken already, in line 3"
            ),
            (
                "[[listen]]\naddress = \":1\"\nname = \"a:b\"",
                "m.toml:3: \"name\" in [[listen]]: expected a name of visible ASCII characters without \":\", found string \"a:b\""
            ),
            (
                "[[listen]]\naddress = \":1\"\nmode = \"0660\"",
                "m.toml:3: \"mode\" in [[listen]]: only the file of a Unix socket has one; remove it"
            ),
            (
                "[[listen]]\naddress = \":1\"\ndefer_accept = \"1ms\"",
                "m.toml:3: \"defer_accept\" in [[listen]]: expected \"off\" or a duration between 1s and 32767s, found string \"1ms\""
            ),
            (
                "[[listen]]\naddress = \":1\"\nbacklog = 99999999999",
                "m.toml:3: \"backlog\" in [[listen]]: expected an integer between 1 and 1000000, found integer 99999999999"
            ),
        ])
    func problem(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test(
        "addresses that MartletNet refuses are refused with its words",
        arguments: [
            (
                "[[listen]]\naddress = \"nowhere at all\"",
                "m.toml:2: \"address\" in [[listen]]: invalid address \"nowhere at all\": "
            ),
            (
                "[[listen]]\naddress = \"localhost:80\"",
                "m.toml:2: \"address\" in [[listen]]: invalid address \"localhost:80\": "
            ),
        ])
    func refusedBelow(text: String, beginning: String) {
        let problems = ConfigurationText.problems(text)
        #expect(problems.count == 1 && problems[0].hasPrefix(beginning), "\(problems)")
    }

    @Test("without a listen address there is 127.0.0.1:8080, unless systemd passed sockets")
    func defaultListener() throws {
        #expect(
            try ConfigurationText.parse("").listeners(hasPassedSockets: false) == [.init(address: "127.0.0.1:8080")])
        #expect(try ConfigurationText.parse("").listeners(hasPassedSockets: true).isEmpty)
        #expect(
            try ConfigurationText.parse("[[listen]]\naddress = ':1'").listeners(hasPassedSockets: true) == [
                .init(address: ":1")
            ])
    }
}
