import Glibc

/// The environment's variables.
enum Environment {
    /// The value of a variable; `nil` when there is none.
    static subscript(name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
