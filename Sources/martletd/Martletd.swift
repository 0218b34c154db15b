import Martlet

/// The daemon: an application without routes of its own, which serves what its configuration file says.
@main
struct Martletd: Application {
    static var configurationPath: String? { "/etc/martlet/martlet.toml" }

    static func routes(_ router: Router) {}
}
