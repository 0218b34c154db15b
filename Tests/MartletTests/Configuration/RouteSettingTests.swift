import Testing

@testable import Martlet

@Suite("What a configuration says of routes")
nonisolated struct RouteSettingTests {
    @Test(
        "what is wrong with an answer is named with its line and what to do",
        arguments: [
            ("[[route]]\ntext = \"x\"", "m.toml:1: missing key \"path\" in [[route]]"),
            ("[[route]]\npath = \"/\"", "m.toml:1: missing key \"text\" in [[route]]"),
            (
                "[[route]]\npath = \"/{name}\"\ntext = \"{nmae}\"",
                "m.toml:3: \"text\" in [[route]]: the path has no parameter {nmae}; did you mean {name}?"
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"{x}\"",
                "m.toml:3: \"text\" in [[route]]: the path has no parameter {x}; write {{x}} for the text itself"
            ),
            (
                "[[route]]\npath = \"/\"\nstatus = 204\ntext = \"x\"",
                "m.toml:4: \"text\" in [[route]]: a response with status 204 has no body; remove it"
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"\"\nstatus = 100",
                "m.toml:4: \"status\" in [[route]]: expected an integer between 200 and 599, found integer 100"
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"\"\nmethods = [\"get\"]",
                "m.toml:4: \"methods\" in [[route]]: expected methods in capital letters such as \"GET\", found string \"get\""
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"\"\nmethods = \"GET\"",
                "m.toml:4: \"methods\" in [[route]]: expected an array of methods such as [\"GET\"], found string \"GET\""
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"\"\ncontent_type = \"text/x\\r\\nA: b\"",
                "m.toml:4: \"content_type\" in [[route]]: expected a media type such as \"text/plain; charset=utf-8\", found string \"text/x\\r\\nA: b\""
            ),
        ])
    func answers(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test(
        "what is wrong with a WebSocket is named with its line and what to do",
        arguments: [
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"ecko\"",
                "m.toml:3: \"websocket\" in [[route]]: expected \"echo\" or \"channel\", found string \"ecko\"; did you mean \"echo\"?"
            ),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"echo\"\ntext = \"x\"",
                "m.toml:4: \"text\" in [[route]]: a route with \"websocket\" has none; remove it"
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"x\"\norigins = [\"*\"]",
                "m.toml:4: \"origins\" in [[route]]: only a route with \"websocket\" has one"
            ),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"echo\"\nchannel = \"a\"",
                "m.toml:4: \"channel\" in [[route]]: only websocket = \"channel\" has one; remove it"
            ),
            (
                "[[route]]\npath = \"/{room}\"\nwebsocket = \"channel\"\nchannel = \"r/{rom}\"",
                "m.toml:4: \"channel\" in [[route]]: the path has no parameter {rom}; did you mean {room}?"
            ),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"channel\"",
                "m.toml:1: missing key \"channel\" in [[route]]: name it, such as \"room/{name}\""
            ),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"channel\"\nchannel = \"a/{\"",
                "m.toml:4: \"channel\" in [[route]]: \"a/{\" cannot name channels: it has a { that is not closed; write something like chat/{room}"
            ),
            (
                "[[route]]\npath = \"/\"\nwebsocket = \"echo\"\norigins = [\"https://example.org/\"]",
                "m.toml:4: \"origins\" in [[route]]: expected an origin such as \"https://example.org\", without a path, or \"*\", found string \"https://example.org/\""
            ),
        ])
    func webSockets(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test(
        "what is wrong with a download service is named with its line and what to do",
        arguments: [
            (
                "[[route]]\npath = \"/d\"\ndownloads = \"/srv\"",
                "m.toml:3: missing key \"hosts\" in [[route]]: name those that may be asked, or [\"*\"]"
            ),
            (
                "[[route]]\npath = \"/d\"\ntext = \"\"\nhosts = [\"a\"]",
                "m.toml:4: \"hosts\" in [[route]]: only a route with \"downloads\" has one"
            ),
            (
                "[[route]]\npath = \"/d\"\ndownloads = \"/srv\"\nhosts = [\"a/b\"]",
                "m.toml:4: \"hosts\" in [[route]]: expected a host such as \"example.org\", \"*.example.net\" or \"*\", found string \"a/b\""
            ),
            (
                "[[route]]\npath = \"/d\"\ndownloads = \"srv\"\nhosts = [\"a\"]",
                "m.toml:3: \"downloads\" in [[route]]: expected an absolute path, found string \"srv\""
            ),
            (
                "[[route]]\npath = \"/d\"\ndownloads = \"/srv\"\nhosts = [\"a\"]\nnetworks = [\"x\"]",
                "m.toml:5: \"networks\" in [[route]]: expected a network such as \"10.1.0.0/16\" or \"fd00::/8\", found string \"x\""
            ),
        ])
    func downloads(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test(
        "what is wrong with a store is named with its line and what to do",
        arguments: [
            (
                "[[route]]\npath = \"/kv\"\nstore = \"sqlite:/a.db\"",
                "m.toml:2: \"path\" in [[route]]: the path of a store ends with the one parameter that it has, for the key: /kv/{key...}"
            ),
            (
                "[[route]]\npath = \"/kv/{key}\"\nstore = \"sqlite:a.db\"",
                "m.toml:3: \"store\" in [[route]]: \"sqlite:\" is followed by the absolute path of a file"
            ),
            (
                "[[route]]\npath = \"/kv/{key}\"\nstore = \"sqlite:/a.db\"\nvalues = \"jsn\"",
                "m.toml:4: \"values\" in [[route]]: expected one of \"raw\", \"json\", found string \"jsn\"; did you mean \"json\"?"
            ),
            (
                "[[route]]\npath = \"/kv/{key}\"\nstore = \"sqlite:/a.db\"\nmethods = [\"GET\"]",
                "m.toml:4: \"methods\" in [[route]]: a route with \"store\" has none; remove it"
            ),
            (
                "[[route]]\npath = \"/\"\ntext = \"\"\ndurable = true",
                "m.toml:4: \"durable\" in [[route]]: only a route with \"store\" has one"
            ),
        ])
    func stores(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }

    @Test(
        "paths that the router refuses are refused with its words",
        arguments: [
            ("[[route]]\npath = \"x\"\ntext = \"\"", "m.toml:2: \"path\" in [[route]]: route pattern \"x\""),
            (
                "[[route]]\npath = \"/{a}\"\ntext = \"\"\n[[route]]\npath = \"/{b}\"\ntext = \"\"",
                "m.toml:5: route pattern \"/{b}\""
            ),
        ])
    func refusedBelow(text: String, beginning: String) {
        let problems = ConfigurationText.problems(text)
        #expect(problems.count == 1 && problems[0].hasPrefix(beginning), "\(problems)")
    }
}
