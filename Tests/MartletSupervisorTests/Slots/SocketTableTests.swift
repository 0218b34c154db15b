import Glibc
import MartletLoop
import MartletNet
import Testing

@testable import MartletSupervisor

@Suite("The table of sockets")
struct SocketTableTests {
    private static let loopback = SocketAddress.ipv4(.init(bits: 0x7F00_0001), port: 0)

    private func plan(_ name: String, _ address: SocketAddress = loopback) -> ListenerPlan {
        ListenerPlan(name: name, address: address)
    }

    private func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

    @Test("each slot has a socket of its own on the same port, close-on-exec")
    func ownSockets() throws {
        var table = SocketTable(passed: [])
        table.apply(try table.prepare([plan("web")], slots: 3))
        defer { table.close() }
        #expect(table.slotCount == 3)
        let descriptors = (0..<3).flatMap { table.endpoints(ofSlot: $0).map(\.descriptor) }
        #expect(Set(descriptors).count == 3)
        #expect(Set(descriptors.map { SocketAddress.local(of: $0)?.port }).count == 1)
        for descriptor in descriptors { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
    }

    @Test(
        "an address that stays keeps its sockets, a new one is bound before anything changes, a removed one is still open"
    )
    func change() throws {
        var table = SocketTable(passed: [])
        let abstract = SocketAddress.abstract("martlet-test-\(getpid())-change")
        table.apply(try table.prepare([plan("old", abstract), plan("stays")], slots: 1))
        defer { table.close() }
        let before = table.endpoints(ofSlot: 0).map(\.descriptor)
        let other = SocketAddress.abstract("martlet-test-\(getpid())-other")
        let change = try table.prepare([plan("renamed"), plan("new", other)], slots: 2)
        table.apply(change)
        let after = table.endpoints(ofSlot: 0)
        #expect(after.map(\.description.name) == ["renamed", "new"])
        #expect(after[0].descriptor == before[1])
        #expect(change.removed.map(\.plan.name) == ["old"])
        #expect(isOpen(before[0]))
        for listener in change.removed { listener.close() }
        #expect(!isOpen(before[0]))
    }

    @Test("when one address cannot be bound, nothing has changed and what was bound before it is closed again")
    func refusedChange() throws {
        let taken = try ListeningSocket.bind(Self.loopback, options: ListenOptions())
        defer { taken.close() }
        var table = SocketTable(passed: [])
        table.apply(try table.prepare([plan("stays")], slots: 1))
        defer { table.close() }
        let abstract = SocketAddress.abstract("martlet-test-\(getpid())-refused")
        #expect(throws: SystemError.self) {
            try table.prepare([plan("stays"), plan("new", abstract), plan("taken", taken.address)], slots: 1)
        }
        #expect(table.listeners.map(\.plan.name) == ["stays"])
        // The name is free again.
        try ListeningSocket.bind(abstract, options: ListenOptions()).close()
    }

    @Test("an address that comes back while its sockets are still open gets them back")
    func reclaimed() throws {
        let port = try ListeningSocket.bind(Self.loopback, options: ListenOptions())
        port.close()
        var table = SocketTable(passed: [])
        table.apply(try table.prepare([plan("comes and goes", port.address)], slots: 1))
        let descriptor = table.endpoints(ofSlot: 0)[0].descriptor
        let removal = try table.prepare([], slots: 1)
        table.apply(removal)
        #expect(removal.removed.count == 1)
        table.apply(try table.prepare([plan("back", port.address)], slots: 2, leaving: removal.removed))
        defer { table.close() }
        #expect(table.endpoints(ofSlot: 0).map(\.descriptor) == [descriptor])
        #expect(table.slotCount == 2)
    }

    @Test("a Unix socket is one for all slots, which nobody has to adopt; its file goes with the address")
    func sharedSocket() throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { rmdir(directory) }
        let path = "\(directory)/web.sock"
        var table = SocketTable(passed: [])
        table.apply(try table.prepare([plan("web", .unix(path))], slots: 4))
        #expect(table.slotCount == 1)
        #expect(table.endpoints(ofSlot: 3).map(\.descriptor) == table.endpoints(ofSlot: 0).map(\.descriptor))
        #expect(table.adoptableEndpoints(ofSlot: 0).isEmpty)
        table.close()
        #expect(access(path, F_OK) != 0)
    }

    @Test("passed sockets are matched by address, then by name; one that nobody names is served all the same")
    func passedSockets() throws {
        let sockets = try (0..<3).map { _ in try ListeningSocket.bind(Self.loopback, options: ListenOptions()) }
        defer { for socket in sockets { socket.close() } }
        let names = ["same-name", "other-name", "nobody"]
        let passed = zip(sockets, names).map {
            SocketTable.PassedSocket(descriptor: $0.descriptor, name: $1, address: $0.address)
        }
        var table = SocketTable(passed: passed)
        let plans = [plan("web", sockets[1].address), plan("same-name", .any(port: 1))]
        table.apply(try table.prepare(plans, slots: 2))
        #expect(table.listeners.map(\.plan.name) == ["web", "same-name", "nobody"])
        #expect(
            table.endpoints(ofSlot: 1).map(\.descriptor)
                == [sockets[1].descriptor, sockets[0].descriptor, sockets[2].descriptor])
        // They stay through every reload.
        let change = try table.prepare(plans, slots: 2)
        table.apply(change)
        #expect(change.removed.isEmpty)
        #expect(table.endpoints(ofSlot: 0).count == 3)
    }
}
