/// What one test wants of its daemon: the configuration file's parts, and how the process is started.
struct DaemonSettings {
    /// The program: `martletd`, or another application of the package.
    var binary = "martletd"
    /// Words before the program, for a limit or a CPU mask: `["prlimit", "--nofile=64:64"]`.
    var launcher: [String] = []
    /// `NAME=VALUE` for the daemon.
    var environment: [String] = []
    /// Descriptors that become 3, 4, 5, … in the daemon.
    var descriptors: [Int32] = []

    var workers = 2
    /// Listen addresses besides the one on a port of the test's own.
    var furtherAddresses: [String] = []
    /// Those that expect the PROXY protocol.
    var proxyAddresses: [String] = []
    /// What stands below the first address: `[listen.tls]` and its keys.
    var tls = ""
    /// Keys of `[tls]`, with their values in TOML.
    var tlsService: [String: String] = [:]
    /// Keys of `[timeouts]`, with their values in TOML.
    var timeouts = ["drain": "\"10s\"", "drain_idle": "\"200ms\""]
    /// Keys of `[limits]`, with their values in TOML.
    var limits: [String: String] = [:]
    /// Keys of `[log]`, with their values in TOML.
    var log: [String: String] = [:]
    /// What `GET /World` answers, with `{name}` in place of the word.
    var greeting = "Hello, {name}"

    /// Further routes, as TOML.
    var routes = ""

    /// The defaults, but for some timeouts: `["stall": "1s"]`.
    static func timeouts(_ values: [String: String]) -> DaemonSettings {
        var settings = DaemonSettings()
        for (name, value) in values { settings.timeouts[name] = "\"\(value)\"" }
        return settings
    }

    /// The file's text.
    func configuration(address: String, control: String) -> String {
        var text = "workers = \(workers)\ncontrol = \"\(control)\"\n"
        for (index, address) in ([address] + furtherAddresses + proxyAddresses).enumerated() {
            text += "\n[[listen]]\nname = \"listener\(index)\"\naddress = \"\(address)\"\n"
            if proxyAddresses.contains(address) { text += "proxy_protocol = true\n" }
            if index == 0, !tls.isEmpty { text += "\n\(tls)\n" }
        }
        for (name, table) in [("tls", tlsService), ("timeouts", timeouts), ("limits", limits), ("log", log)]
        where !table.isEmpty {
            text += "\n[\(name)]\n"
            for (key, value) in table.sorted(by: { $0.key < $1.key }) { text += "\(key) = \(value)\n" }
        }
        return text + "\n[[route]]\npath = \"/{name}\"\ntext = \"\(greeting)\"\n\n\(routes)\n"
    }
}
