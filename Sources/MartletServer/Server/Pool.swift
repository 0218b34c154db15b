/// Objects that are lent out and come back, so that the hot path does not allocate; keeps a bounded number of them.
struct Pool<Object: AnyObject> {
    private var free: [Object] = []
    private let capacity: Int
    private let make: () -> Object

    init(capacity: Int, make: @escaping () -> Object) {
        self.capacity = capacity
        self.make = make
        free.reserveCapacity(capacity)
    }

    mutating func take() -> Object {
        free.popLast() ?? make()
    }

    /// Takes back an object that nobody else refers to any more.
    mutating func giveBack(_ object: Object) {
        if free.count < capacity { free.append(object) }
    }
}
