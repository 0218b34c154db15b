/// What is lent out and comes back, so that the hot path does not allocate; keeps a bounded number.
struct Pool<Element> {
    private var free: [Element] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        free.reserveCapacity(capacity)
    }

    /// One that was given back, if there is any.
    mutating func take() -> Element? {
        free.popLast()
    }

    /// Takes one back that nobody else uses any more; `false` when there are enough.
    mutating func giveBack(_ element: consuming Element) -> Bool {
        guard free.count < capacity else { return false }
        free.append(element)
        return true
    }
}
