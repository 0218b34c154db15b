/// A value with the priority that it has in a `PriorityQueue`; the value itself needs no order.
public nonisolated struct Prioritized<Priority: Comparable & Sendable, Value: Sendable>: Comparable, Sendable {
    /// The smaller, the sooner.
    public let priority: Priority
    /// What is queued.
    public let value: Value

    /// The value, with a priority of which the smallest comes first.
    public init(_ priority: Priority, _ value: Value) {
        self.priority = priority
        self.value = value
    }

    /// Whether the left one comes before the right one.
    public static func < (left: Self, right: Self) -> Bool {
        left.priority < right.priority
    }

    /// Whether the priorities are equal; the values are not looked at.
    public static func == (left: Self, right: Self) -> Bool {
        left.priority == right.priority
    }
}
