import MartletWebSocketCodec
import Testing

@testable import MartletWebSocket

@Suite("The subscribers of a channel")
struct SubscriberListTests {
    @Test("are each served once in a delivery, whoever comes and goes meanwhile")
    func eachOnce() throws {
        var numbers = TestNumbers(state: 11)
        let sockets = try (0..<40).map { _ in try TestSocket() }
        func entry(_ socket: TestSocket) -> Subscriber {
            Subscriber(socket: socket.socket, encoding: .plain, from: 0, wholeFrom: 0)
        }
        for _ in 0..<500 {
            var list = SubscriberList()
            var present: Set<Int> = []
            var served: [Int: Int] = [:]
            // Who was there from beginning to end.
            var faithful: Set<Int> = []
            for index in 0..<20 {
                list.append(entry(sockets[index]))
                present.insert(index)
                faithful.insert(index)
            }
            while !list.isAtEnd {
                let index = Int.random(in: 0..<sockets.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0 where !present.contains(index) && served[index] == nil:
                    list.append(entry(sockets[index]))
                    present.insert(index)
                case 1:
                    #expect(list.remove(sockets[index].socket) == (present.remove(index) != nil))
                    faithful.remove(index)
                default:
                    let subscriber = list.next()
                    let next = try #require(subscriber)
                    let place = try #require(sockets.firstIndex { $0.socket === next.socket })
                    #expect(present.contains(place))
                    served[place, default: 0] += 1
                }
            }
            #expect(served.values.allSatisfy { $0 == 1 })
            #expect(faithful.isSubset(of: served.keys))
            #expect(list.count == present.count)
            for index in sockets.indices { #expect(list.contains(sockets[index].socket) == present.contains(index)) }
        }
        for socket in sockets { socket.close() }
    }
}
