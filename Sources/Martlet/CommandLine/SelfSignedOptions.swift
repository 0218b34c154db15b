import ArgumentParser

/// What `tls self-signed` is told.
struct SelfSignedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A DNS name, wildcard or address that the certificate is for; may be repeated. By default those of this host.",
            valueName: "name"))
    var name: [String] = []

    @Option(help: ArgumentHelp("The directory for key.pem and certificate.pem.", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("How long it is valid; 365 by default.", valueName: "days"))
    var days: Int?

    @Flag(help: "Replace files that are there.")
    var force = false

    /// Whether anything was said.
    var isEmpty: Bool { name.isEmpty && out == nil && days == nil && !force }

    func validate() throws {
        if let days, !(1...3650).contains(days) {
            throw ValidationError("--days: \(days) is not between 1 and 3650")
        }
    }
}
