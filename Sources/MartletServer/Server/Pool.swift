/// Objects that are lent out and come back, so that the hot path does not allocate; keeps a bounded number of them.
struct Pool<Object: AnyObject> {
    private var free: [Object] = []
    private let capacity: Int
    private let make: (() -> Object)?

    /// A pool that makes what it has not.
    init(capacity: Int, make: @escaping () -> Object) {
        self.capacity = capacity
        self.make = make
        free.reserveCapacity(capacity)
    }

    /// A pool whose objects somebody else makes.
    init(capacity: Int) {
        self.capacity = capacity
        make = nil
        free.reserveCapacity(capacity)
    }

    mutating func take() -> Object {
        guard let object = takeFree() ?? make?() else { fatalError("a pool that makes nothing is asked for more") }
        return object
    }

    /// An object that was given back, if there is any.
    mutating func takeFree() -> Object? {
        free.popLast()
    }

    /// Takes back an object that nobody else refers to any more.
    mutating func giveBack(_ object: Object) {
        if free.count < capacity { free.append(object) }
    }
}
