/// Which identities a client chooses between, by the name that it asks for: several with keys of different kinds have
/// one name.
struct IdentityGroups {
    /// The first one is for clients that ask for no name.
    private(set) var groups: [[TLSIdentity]] = []
    /// The group of each name.
    private(set) var numbers: [String: Int] = [:]

    init(_ identities: [TLSIdentity]) {
        var members: [String: [Int]] = [:]
        for (index, identity) in identities.enumerated() {
            for name in identity.certificate.names {
                // Of two with keys of one kind, the first one counts.
                let others = members[name, default: []]
                let isNew = !others.contains { identities[$0].keyKind == identity.keyKind }
                if isNew { members[name] = others + [index] }
            }
        }
        var known: [[Int]: Int] = [:]
        func number(of group: [Int]) -> Int {
            if let number = known[group] { return number }
            groups.append(group.map { identities[$0] })
            known[group] = groups.count - 1
            return groups.count - 1
        }
        let first = identities[0].certificate.names.lazy.compactMap { members[$0] }.first { $0.contains(0) }
        _ = number(of: first ?? [0])
        // Sorted, so that the same identities make the same groups.
        for (name, group) in members.sorted(by: { $0.key < $1.key }) { numbers[name] = number(of: group) }
    }
}

nonisolated extension TLSIdentity {
    /// Clients choose by this between those that have a name in common: `RSA`, `ECDSA`.
    fileprivate var keyKind: Substring { certificate.key.prefix { $0 != " " } }
}
