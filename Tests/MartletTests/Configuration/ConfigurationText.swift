@testable import Martlet

/// Reads configurations that tests have as text, under the name `m.toml`.
nonisolated enum ConfigurationText {
    static let environment = ["RUNTIME_DIRECTORY": "/run/test"]

    static func parse(
        _ text: String, environment: [String: String] = environment, overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Configuration {
        try ConfigurationFile.parse(Array(text.utf8), name: "m.toml", environment: environment, overrides: overrides)
    }

    /// What is wrong, a line each.
    static func problems(
        _ text: String, environment: [String: String] = environment, overrides: [ConfigurationOverride] = []
    ) -> [String] {
        do throws(ConfigurationError) {
            _ = try parse(text, environment: environment, overrides: overrides)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }
}
