/// When `wait(for:until:)` has waited long enough.
public nonisolated struct WaitCondition: Hashable, Sendable {
    private enum Kind {
        case firstCompleted
        case firstFailure
        case allCompleted
    }

    private let kind: Kind

    /// One has ended, whatever it came to.
    public static let firstCompleted = WaitCondition(kind: .firstCompleted)
    /// One has failed, or all have ended.
    public static let firstFailure = WaitCondition(kind: .firstFailure)
    /// All have ended.
    public static let allCompleted = WaitCondition(kind: .allCompleted)

    /// Whether it is met when so many have not ended, and some of the others have or have not failed.
    func isMet(pending: Int, ended: Int, failed: Int) -> Bool {
        switch kind {
        case .firstCompleted: ended > 0 || pending == 0
        case .firstFailure: failed > 0 || pending == 0
        case .allCompleted: pending == 0
        }
    }
}
