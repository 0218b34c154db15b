/// Where a node of a cluster sends whoever asks for a slot that it does not have.
nonisolated struct RedisRedirection: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// The slot belongs to the other node from now on.
        case moved
        /// The slot is on its way to the other node; this one command is to be asked there, behind `ASKING`.
        case ask
    }

    let kind: Kind
    let slot: RedisSlot
    let address: RedisNodeAddress

    /// Reads an error's text: `MOVED 3999 127.0.0.1:6381`.
    ///
    /// - Parameters:
    ///   - error: the whole text, with its code.
    ///   - asked: whose answer it is, whose host is meant where none is named: `MOVED 3999 :6381`.
    /// - Returns: `nil` for any other error, and one that names no slot or address that can be.
    init?(_ error: String, from asked: String) {
        let parts = error.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        switch parts[0] {
        case "MOVED": kind = .moved
        case "ASK": kind = .ask
        default: return nil
        }
        guard parts[1].utf8.count <= 5, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let slot = Int(parts[1]).flatMap({ RedisSlot($0) }),
            let address = RedisNodeAddress(parts[2], from: asked)
        else { return nil }
        self.slot = slot
        self.address = address
    }
}
