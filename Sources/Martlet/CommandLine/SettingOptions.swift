import ArgumentParser
import MartletSupervisor

/// Where the configuration is, and what the command line says in its place.
struct SettingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Worker processes: a number or \"auto\".", valueName: "count"))
    var workers: String?

    @Option(help: ArgumentHelp("Listen here in place of where the file says; may be repeated.", valueName: "address"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Serve the addresses of --listen, or those that have TLS in the file, with this PEM certificate.",
            valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key, when it is in another file.", valueName: "file"))
    var tlsKey: String?

    @Option(help: ArgumentHelp("The control socket's path; \"\" for none.", valueName: "path"))
    var control: String?

    @Option(help: ArgumentHelp("Log entries below this level are not written.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("Where the log goes: auto, stderr, journal or a file's path.", valueName: "target"))
    var logTarget: String?

    /// The file that is read, if any.
    func path(default standard: String?) -> String? {
        config ?? standard
    }

    /// Reads and validates the configuration.
    func load(default standard: String?) throws(ConfigurationError) -> Configuration {
        try ConfigurationFile.load(
            path: path(default: standard), environment: ControlSocketPath.processEnvironment, overrides: overrides)
    }

    private var overrides: [ConfigurationOverride] {
        var overrides: [ConfigurationOverride] = []
        func add(_ flag: String, _ key: String, _ value: String?) {
            if let value { overrides.append(ConfigurationOverride(flag: flag, key: key, value: value)) }
        }
        add("--workers", "workers", workers)
        add("--listen", "listen", listen.isEmpty ? nil : listen.joined(separator: ","))
        add("--tls-certificate", "tls.certificate", tlsCertificate)
        add("--tls-key", "tls.key", tlsKey)
        add("--control", "control", control)
        add("--log-level", "log.level", logLevel)
        add("--log-target", "log.target", logTarget)
        return overrides
    }
}
