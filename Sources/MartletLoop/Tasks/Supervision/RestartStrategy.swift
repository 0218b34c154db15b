/// Who is started again when one child is (Erlang/OTP, supervisor behaviour, `strategy`).
public nonisolated struct RestartStrategy: Hashable, Sendable {
    private enum Kind {
        case oneForOne
        case oneForAll
        case restForOne
    }

    private let kind: Kind

    /// The child alone: for children that do not need each other.
    public static let oneForOne = RestartStrategy(kind: .oneForOne)
    /// All children: for those that cannot go on without each other.
    public static let oneForAll = RestartStrategy(kind: .oneForAll)
    /// The child and those that were added after it: for a chain in which each needs those before it.
    public static let restForOne = RestartStrategy(kind: .restForOne)

    /// Those of so many children that are started again when the one at `index` is.
    func affected(by index: Int, of count: Int) -> Range<Int> {
        switch kind {
        case .oneForOne: index..<index + 1
        case .oneForAll: 0..<count
        case .restForOne: index..<count
        }
    }
}
