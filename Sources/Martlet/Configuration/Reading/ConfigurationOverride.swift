import MartletSupervisor

/// What somebody said for a key outside of the file.
public nonisolated struct ConfigurationOverride: Hashable, Sendable {
    /// Where they said it.
    public let origin: ConfigurationProblem.Origin
    /// The key: `workers`, `log.level`, or `listen` for a list of addresses separated by commas.
    public let key: String
    /// The value, without the quotes that a file needs.
    public let value: String

    /// What an option of the command line says: `ConfigurationOverride(flag: "--workers", key: "workers", value: "2")`.
    public init(flag: String, key: String, value: String) {
        self.init(origin: .flag(flag), key: key, value: value)
    }

    init(origin: ConfigurationProblem.Origin, key: String, value: String) {
        self.origin = origin
        self.key = key
        self.value = value
    }
}

nonisolated extension ConfigurationOverride {
    static let prefix = "MARTLET_"

    /// What the environment says: `MARTLET_WORKERS` for `workers`, `MARTLET_LOG_LEVEL` for `level` in `[log]`.
    ///
    /// A variable that is nearly one of these is a problem. Others that begin alike are left alone: orchestrators make
    /// variables such as `MARTLET_SERVICE_HOST` for a service of that name.
    static func read(
        environment: [String: String], keys: [String]
    ) -> (overrides: [ConfigurationOverride], problems: [ConfigurationProblem]) {
        var overrides: [ConfigurationOverride] = []
        var problems: [ConfigurationProblem] = []
        let keysByName = Dictionary(
            keys.map { ($0.uppercased().replacing(".", with: "_"), $0) }, uniquingKeysWith: { first, _ in first })
        let known = keysByName.keys.sorted()
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) {
            let name = String(variable.dropFirst(prefix.count))
            if let key = keysByName[name] {
                overrides.append(.init(origin: .environment(variable), key: key, value: value))
            } else if let nearest = Spelling.nearest(to: name, among: known) {
                problems.append(
                    .init(
                        origin: .environment(variable),
                        message: "no such setting; did you mean \(prefix)\(nearest)? unset it otherwise"))
            }
        }
        return (overrides, problems)
    }
}
