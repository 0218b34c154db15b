import Testing

@testable import Martlet

@Suite("Configuration outside of the file")
nonisolated struct ConfigurationOverrideTests {
    @Test("a command line goes before the environment, that before the file, that before the defaults")
    func precedence() throws {
        let file = "workers = 1\n[log]\nlevel = \"error\"\n[[listen]]\naddress = \":1\""
        #expect(try ConfigurationText.parse(file).workers == .fixed(1))
        let environment = [
            "MARTLET_WORKERS": "2", "MARTLET_LOG_LEVEL": "debug", "MARTLET_LIMITS_BODY": "2KiB",
            "MARTLET_TIMEOUTS_DRAIN_IDLE": "1m",
            "MARTLET_LISTEN": "127.0.0.1:2, unix:@x", "MARTLET_CONTROL": "/e.sock", "MARTLET_PIN_WORKERS": "true",
        ]
        let second = try ConfigurationText.parse(file, environment: environment)
        #expect(second.workers == .fixed(2))
        #expect(second.log.level == .debug)
        #expect(second.limits.body == ByteCount(2048))
        #expect(second.timeouts.drainIdle == .seconds(60))
        #expect(second.listen == [.init(address: "127.0.0.1:2"), .init(address: "unix:@x")])
        #expect(second.control == "/e.sock")
        #expect(second.pinWorkers)
        let third = try ConfigurationText.parse(
            file, environment: environment,
            overrides: [
                .init(flag: "--workers", key: "workers", value: "auto"),
                .init(flag: "--listen", key: "listen", value: ":3"),
                .init(flag: "--control", key: "control", value: ""),
                .init(flag: "--log-level", key: "log.level", value: "info"),
            ])
        #expect(third.workers == .automatic)
        #expect(third.listen == [.init(address: ":3")])
        #expect(third.control == nil)
        #expect(third.log.level == .info)
    }

    @Test(
        "what is wrong outside of the file is named by the variable or the option",
        arguments: [
            (
                "MARTLET_WORKERS", "x",
                "MARTLET_WORKERS: expected \"auto\" or an integer between 1 and 1024, found \"x\""
            ),
            (
                "MARTLET_WROKERS", "2",
                "MARTLET_WROKERS: no such setting; did you mean MARTLET_WORKERS? unset it otherwise"
            ),
            (
                "MARTLET_LOG_LEVLE", "info",
                "MARTLET_LOG_LEVLE: no such setting; did you mean MARTLET_LOG_LEVEL? unset it otherwise"
            ),
            ("MARTLET_LISTEN", ":1,:1", "MARTLET_LISTEN: an address is listed twice"),
            (
                "MARTLET_TIMEOUTS_HEAD", "9223372036854775808s",
                "MARTLET_TIMEOUTS_HEAD: expected a duration such as \"500ms\", \"30s\", \"2m\" or \"1h\", found \"9223372036854775808s\""
            ),
        ])
    func environmentProblem(name: String, value: String, message: String) {
        #expect(ConfigurationText.problems("", environment: [name: value]) == [message])
        let flag = ConfigurationOverride(flag: "--workers", key: "workers", value: "0")
        #expect(
            ConfigurationText.problems("", overrides: [flag]).first?.hasPrefix("--workers: expected \"auto\"") == true)
    }

    @Test("variables of others that begin alike are left alone")
    func foreignVariables() throws {
        _ = try ConfigurationText.parse(
            "",
            environment: [
                "MARTLET_SERVICE_HOST": "10.0.0.1", "MARTLET_PORT": "tcp://10.0.0.1:80",
                "MARTLET_PORT_80_TCP_ADDR": "10.0.0.1",
                "MARTLET_BINARIES": "/x", "MARTLET_TEST_DIRECTORY": "/y",
            ])
    }
}
