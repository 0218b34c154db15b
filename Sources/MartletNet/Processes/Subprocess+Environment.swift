import Glibc
import MartletLoop

extension Subprocess {
    /// The environment of a program (man 7 environ).
    public nonisolated struct Environment: Hashable, Sendable {
        private let isInherited: Bool
        private let changes: [String: String?]

        private init(isInherited: Bool, changes: [String: String?]) {
            self.isInherited = isInherited
            self.changes = changes
        }

        /// That of this process, as it is when the program starts.
        public static let inherited = Environment(isInherited: true, changes: [:])

        /// That of this process, with variables set, or removed by `nil`: `.inherited(changing: ["LC_ALL": "C"])`.
        public static func inherited(changing changes: [String: String?]) -> Environment {
            Environment(isInherited: true, changes: changes)
        }

        /// These variables and no others. Many programs expect a PATH.
        public static func only(_ variables: [String: String]) -> Environment {
            Environment(isInherited: false, changes: variables.mapValues { $0 })
        }

        func value(of name: String) -> String? {
            if let change = changes[name] { return change }
            return isInherited ? getenv(name).map { String(cString: $0) } : nil
        }

        /// All variables as `NAME=VALUE`; `nil` when they are exactly this process's own.
        func variables(of program: String) throws(SystemError) -> [String]? {
            if isInherited && changes.isEmpty { return nil }
            if let name = changes.keys.first(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) {
                throw SystemError(
                    "start", target: program, code: EINVAL,
                    advice: "\"\(name)\" is no name of an environment variable: it must not be empty or contain \"=\"")
            }
            let kept = isInherited ? Self.own.filter { changes[Self.name(of: $0)] == nil } : []
            return kept + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }.sorted()
        }

        private static func name(of variable: String) -> String {
            String(variable.prefix { $0 != "=" })
        }

        private static var own: [String] {
            var variables: [String] = []
            var next = environ
            while let variable = next.pointee {
                variables.append(String(cString: variable))
                next += 1
            }
            return variables
        }
    }
}
