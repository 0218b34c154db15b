import Testing

@testable import Martlet

@Suite("What a configuration says of the service")
nonisolated struct ServiceSettingTests {
    @Test(
        "what is wrong is named with its line and what to do",
        arguments: [
            (
                "workers = \"x\"",
                "m.toml:1: \"workers\": expected \"auto\" or an integer between 1 and 1024, found string \"x\""
            ),
            (
                "workers = -3",
                "m.toml:1: \"workers\": expected \"auto\" or an integer between 1 and 1024, found integer -3"
            ),
            (
                "workers = 1.5",
                "m.toml:1: \"workers\": expected \"auto\" or an integer between 1 and 1024, found number 1.5"
            ),
            ("pin_workers = 1", "m.toml:1: \"pin_workers\": expected true or false, found integer 1"),
            (
                "control = \"run/x\"",
                "m.toml:1: \"control\": expected an absolute path of at most 107 bytes, or \"\" for no socket, found string \"run/x\""
            ),
            (
                "control_mode = 660",
                "m.toml:1: \"control_mode\": expected a file's mode as a string of octal digits such as \"0660\", found integer 660"
            ),
            (
                "control_mode = \"0888\"",
                "m.toml:1: \"control_mode\": expected a file's mode as a string of octal digits such as \"0660\", found string \"0888\""
            ),
            (
                "[timeouts]\nhead = 30",
                "m.toml:2: \"head\" in [timeouts]: expected a duration such as \"500ms\", \"30s\", \"2m\" or \"1h\", found integer 30; add a unit, such as \"30s\""
            ),
            (
                "[timeouts]\nhead = \"soon\"",
                "m.toml:2: \"head\" in [timeouts]: expected a duration such as \"500ms\", \"30s\", \"2m\" or \"1h\", found string \"soon\""
            ),
            (
                "[timeouts]\nidle = \"0s\"",
                "m.toml:2: \"idle\" in [timeouts]: expected a duration between 1ms and 24h, found string \"0s\""
            ),
            (
                "[timeouts]\nidle = \"99999999999999h\"",
                "m.toml:2: \"idle\" in [timeouts]: expected a duration such as \"500ms\", \"30s\", \"2m\" or \"1h\", found string \"99999999999999h\""
            ),
            (
                "[limits]\nbody = \"1MB\"",
                "m.toml:2: \"body\" in [limits]: expected a size such as 8192, \"64KiB\", \"1MiB\" or \"2GiB\", found string \"1MB\""
            ),
            (
                "[limits]\nbody = -1",
                "m.toml:2: \"body\" in [limits]: expected a size such as 8192, \"64KiB\", \"1MiB\" or \"2GiB\", found integer -1"
            ),
            (
                "[limits]\nrequest_line = 1",
                "m.toml:2: \"request_line\" in [limits]: expected a size between 64 and 16MiB, found integer 1"
            ),
            (
                "[limits]\nbody = 1979-05-27",
                "m.toml:2: \"body\" in [limits]: expected a size such as 8192, \"64KiB\", \"1MiB\" or \"2GiB\", found date or time 1979-05-27"
            ),
            (
                "[log]\nlevel = \"wraning\"",
                "m.toml:2: \"level\" in [log]: expected one of trace, debug, info, notice, warning, error, critical, found string \"wraning\"; did you mean \"warning\"?"
            ),
            (
                "[log]\ntarget = \"x.log\"",
                "m.toml:2: \"target\" in [log]: expected \"auto\", \"stderr\", \"journal\" or an absolute path, found string \"x.log\""
            ),
            (
                "[channels]\nredis = \"http://localhost\"",
                "m.toml:2: \"redis\" in [channels]: the URL of a Redis server is invalid: its scheme is none of redis, rediss, unix, redis+unix, redis+sentinel and rediss+sentinel"
            ),
            (
                "[channels]\nprefix = \"a b\"",
                "m.toml:2: \"prefix\" in [channels]: expected 1 to 100 letters, digits and signs, such as \"martlet\", found string \"a b\""
            ),
        ])
    func problem(text: String, message: String) { #expect(ConfigurationText.problems(text) == [message]) }
}
