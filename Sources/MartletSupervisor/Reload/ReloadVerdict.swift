/// What came of a reload.
public nonisolated struct ReloadVerdict: Hashable, Sendable {
    /// Whether the new configuration is in effect. If not, nothing has changed.
    public let ok: Bool
    /// The generation of the workers that serve now.
    public let generation: Int
    /// How long it took.
    public let duration: Duration
    /// Why it was refused or failed; or what to know although it succeeded.
    public let messages: [String]
}
