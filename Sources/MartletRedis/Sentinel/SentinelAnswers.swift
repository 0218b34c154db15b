import MartletRESP

/// What sentinels, and the servers they watch, say of who is who. Any answer is either understood or a
/// ``RedisMismatch``.
nonisolated enum SentinelAnswers {
    /// A server's own word on its role: `ROLE`.
    enum Role: Hashable, Sendable {
        case master
        /// A replica, and whether it has its master's data.
        case replica(isConnected: Bool)
        case sentinel
    }

    /// The answer to `SENTINEL GET-MASTER-ADDR-BY-NAME`; `nil` when the sentinel knows of no such master.
    static func master(_ answer: RESPValue, from asked: String) throws(RedisMismatch) -> RedisNodeAddress? {
        if answer.isNull { return nil }
        guard let parts = answer.elements, parts.count == 2,
            let address = RedisNodeAddress(host: parts[0].text, port: try? Int(redis: parts[1]), from: asked)
        else { throw RedisMismatch(expected: "the master's host and port", found: answer) }
        return address
    }

    /// The answer to `SENTINEL REPLICAS`: those that can be read from, as far as the sentinel knows. Of those that it
    /// does not name a possible address for, nothing is said.
    static func replicas(_ answer: RESPValue, from asked: String) throws(RedisMismatch) -> [RedisNodeAddress] {
        try nodes(answer, "replicas", from: asked) { fields in
            fields["master-link-status"] ?? "ok" == "ok"
        }
    }

    /// The answer to `SENTINEL SENTINELS`: the others.
    static func sentinels(_ answer: RESPValue, from asked: String) throws(RedisMismatch) -> [RedisNodeAddress] {
        try nodes(answer, "sentinels", from: asked) { _ in true }
    }

    private static func nodes(
        _ answer: RESPValue, _ what: String, from asked: String, where isUsable: ([String: String]) -> Bool
    ) throws(RedisMismatch) -> [RedisNodeAddress] {
        guard let values = answer.elements else { throw RedisMismatch(expected: what, found: answer) }
        var nodes: [RedisNodeAddress] = []
        for value in values {
            guard let entries = value.entries else { throw RedisMismatch(expected: "fields of \(what)", found: value) }
            var fields: [String: String] = [:]
            for entry in entries {
                if let key = entry.key.text, let text = entry.value.text { fields[key] = text }
            }
            let flags = (fields["flags"] ?? "").split(separator: ",")
            let isDown = flags.contains { ["s_down", "o_down", "disconnected"].contains($0) }
            guard !isDown, isUsable(fields),
                let address = RedisNodeAddress(
                    host: fields["ip"], port: fields["port"].flatMap { Int($0) }, from: asked)
            else { continue }
            nodes.append(address)
        }
        return nodes
    }

    /// The answer to `ROLE`.
    static func role(_ answer: RESPValue) throws(RedisMismatch) -> Role {
        guard let parts = answer.elements, let name = parts.first?.text else {
            throw RedisMismatch(expected: "a role", found: answer)
        }
        switch name {
        case "master": return .master
        case "slave", "replica": return .replica(isConnected: parts.count >= 4 && parts[3].text == "connected")
        case "sentinel": return .sentinel
        default: throw RedisMismatch(expected: "a role", found: "another word")
        }
    }

    /// What is said on `+switch-master`: `mymaster 127.0.0.1 6379 127.0.0.1 6380`.
    ///
    /// - Returns: the new master, if it is the master of that name that has changed.
    static func switchedMaster(_ text: String, of name: String) -> RedisNodeAddress? {
        let parts = text.split(separator: " ")
        guard parts.count == 5, parts[0] == name else { return nil }
        return RedisNodeAddress(host: String(parts[3]), port: Int(parts[4]), from: nil)
    }
}
