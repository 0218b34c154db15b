/// A socket on a channel.
struct Subscriber {
    let socket: WebSocket
    let encoding: FrameEncoding
    /// The first message of the channel that it gets.
    let from: UInt64
    /// Of a batch that begins before this message it does not get everything, or not as it is.
    var wholeFrom: UInt64
}

/// The subscribers of a channel, one behind the other, and how far a delivery has got among them.
///
/// ```
///     served          to be served
/// ├──────────────┤├────────────────────────┤
///                 ▲ cursor                  ▲ new ones
/// ```
///
/// Whoever comes or goes while a delivery waits for its next slice changes neither part for anybody else.
struct SubscriberList {
    private(set) var all: [Subscriber] = []
    private var places: [ObjectIdentifier: Int] = [:]
    private var cursor = 0

    var count: Int { all.count }
    var isEmpty: Bool { all.isEmpty }
    /// Whether all have been served.
    var isAtEnd: Bool { cursor == all.count }

    /// The next one to be served.
    mutating func next() -> Subscriber? {
        guard cursor < all.count else { return nil }
        defer { cursor &+= 1 }
        return all[cursor]
    }

    /// Begins anew.
    mutating func rewind() {
        cursor = 0
    }

    func contains(_ socket: WebSocket) -> Bool {
        places[ObjectIdentifier(socket)] != nil
    }

    mutating func append(_ subscriber: Subscriber) {
        places[ObjectIdentifier(subscriber.socket)] = all.count
        all.append(subscriber)
    }

    /// Changes one where it is.
    mutating func update(_ socket: WebSocket, _ change: (inout Subscriber) -> Void) {
        if let place = places[ObjectIdentifier(socket)] { change(&all[place]) }
    }

    /// Takes one out in constant time; `false` when it is not there.
    mutating func remove(_ socket: WebSocket) -> Bool {
        guard var hole = places.removeValue(forKey: ObjectIdentifier(socket)) else { return false }
        if hole < cursor {
            // The last one served fills its place, so that nobody changes sides.
            cursor -= 1
            move(from: cursor, to: hole)
            hole = cursor
        }
        move(from: all.count - 1, to: hole)
        all.removeLast()
        return true
    }

    private mutating func move(from place: Int, to hole: Int) {
        guard place != hole else { return }
        all[hole] = all[place]
        places[ObjectIdentifier(all[hole].socket)] = hole
    }
}
