nonisolated extension RedisError {
    /// Whether the server has refused the command because of what it is, or is not, in its group: it is to be asked
    /// again, there or elsewhere, and has executed nothing.
    var isAboutTopology: Bool {
        switch serverCode {
        case "MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "MASTERDOWN", "LOADING": true
        default: false
        }
    }

    /// Whether the same may succeed a little later.
    var isTransient: Bool {
        switch code {
        case .connection, .connectionLost, .timedOut: true
        default: isAboutTopology
        }
    }

    /// Whether the command surely has not been executed.
    var wasNotExecuted: Bool { isUnsent || isAboutTopology }

    /// Whether the server, or the way to it, is in doubt: those who know of others should look for them.
    var isLoss: Bool {
        switch code {
        case .connection, .connectionLost, .timedOut, .malformedAnswer: true
        default: false
        }
    }
}
