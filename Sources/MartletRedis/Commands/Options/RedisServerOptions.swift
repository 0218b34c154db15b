/// How keys, scripts or functions are deleted.
public nonisolated enum RedisFlushMode: String, RedisOption, CaseIterable {
    /// Before the answer.
    case synchronous = "SYNC"
    /// In the background.
    case asynchronous = "ASYNC"
}

/// What happens to the libraries that are there when others are restored.
public nonisolated enum RedisFunctionPolicy: String, RedisOption, CaseIterable {
    /// They are deleted.
    case flush = "FLUSH"
    /// They stay; one of the same name is an error.
    case append = "APPEND"
    /// They stay, except those of the same names.
    case replace = "REPLACE"
}

/// Whether a server that ends saves its data.
public nonisolated enum RedisShutdownMode: String, RedisOption, CaseIterable {
    /// It does, even if it usually does not.
    case save = "SAVE"
    /// It does not, even if it usually does.
    case noSave = "NOSAVE"
}

/// Which commands are listed.
public nonisolated enum RedisCommandFilter: RedisOption, Hashable {
    /// Those of a module.
    case module(String)
    /// Those of a category.
    case category(String)
    /// Those whose names match a pattern.
    case pattern(String)

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        let (word, value) =
            switch self {
            case .module(let name): ("MODULE", name)
            case .category(let name): ("ACLCAT", name)
            case .pattern(let pattern): ("PATTERN", pattern)
            }
        command.append(contentsOf: ["FILTERBY", word, value])
    }
}

/// A setting for a module that is loaded.
public nonisolated struct RedisModuleSetting: RedisOption, Hashable {
    /// Its name.
    public let name: String
    /// Its value.
    public let value: String

    /// A setting.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// Appends name and value.
    public func append(to command: inout RedisCommand) { command.append(contentsOf: [name, value]) }
}

/// Who says to another server that it may take a key.
public nonisolated enum RedisMigrateAuthentication: RedisOption, Hashable {
    /// The default user, by its password.
    case password(String)
    /// A user.
    case user(String, password: String)

    /// Appends it.
    public func append(to command: inout RedisCommand) {
        switch self {
        case .password(let password): command.append(contentsOf: ["AUTH", password])
        case .user(let name, let password): command.append(contentsOf: ["AUTH2", name, password])
        }
    }
}
