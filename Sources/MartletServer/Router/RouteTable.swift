import HTTPTypes
import MartletHTTP

/// All routes of a router, by host.
///
/// Most applications have no hosts: then a request's is not looked at.
final class RouteTable {
    // Tries of the routes' numbers, which nobody has to retain for each request.
    private var anyHost = RouteTrie<Int>()
    private var hosts: [(pattern: HostPattern, routes: Box)] = []
    private(set) var routes: [Route] = []
    /// The methods that any route has.
    private(set) var methods: Set<HTTPRequest.Method> = []
    /// The handlers of the routes, with what lies around them: there when the table is compiled, without a look into
    /// the route, which would have to be retained.
    private(set) var handlers: [Handler] = []
    /// The groups live as long as the table; those refer to each other and to it without owning.
    private var groups: [RouteGroup] = []
    private var isCompiled = false
    /// What routes need in each worker before it serves.
    var starts: [@MainActor (Worker) async throws -> Void] = []

    /// A trie is not copyable, and arrays hold copyable values only.
    final class Box {
        var trie = RouteTrie<Int>()
        deinit {}
    }

    deinit {}

    func keep(_ group: RouteGroup) -> RouteGroup {
        groups.append(group)
        return group
    }

    func insert(_ route: Route) throws(RouteError) {
        if isCompiled { fatalError("the route \(route.method) \(route.pattern) is added to a router that is in use") }
        if let host = route.group.hostPattern {
            try box(for: host).trie.insert(route.pattern, method: route.method, value: routes.count)
        } else {
            try anyHost.insert(route.pattern, method: route.method, value: routes.count)
        }
        routes.append(route)
        methods.insert(route.method)
    }

    private func box(for host: HostPattern) -> Box {
        if let known = hosts.first(where: { $0.pattern == host }) { return known.routes }
        hosts.append((host, Box()))
        // An exact name goes before a wildcard, and that of the longest domain first.
        hosts.sort { left, right in
            left.pattern.isWildcard != right.pattern.isWildcard
                ? !left.pattern.isWildcard : left.pattern.name.utf8.count > right.pattern.name.utf8.count
        }
        return hosts[hosts.firstIndex { $0.pattern == host } ?? 0].routes
    }

    /// Puts around each handler what lies around it: from here on nothing is added.
    func compile() {
        guard !isCompiled else { return }
        isCompiled = true
        for route in routes { route.compile() }
        handlers = routes.map(\.handler)
    }

    /// The number of the route that answers, in `routes`.
    func match(_ exchange: Exchange) -> RouteMatch<Int> {
        if !hosts.isEmpty, let box = routes(forHostOf: exchange) { return exchange.match(box.trie) }
        return exchange.match(anyHost)
    }

    /// The Allow field of `OPTIONS *`.
    var allMethods: String { anyHost.allMethods }

    private func routes(forHostOf exchange: Exchange) -> Box? {
        guard let name = exchange.hostName?.utf8 else { return nil }
        for host in hosts {
            let wanted = host.pattern.name.utf8
            if host.pattern.isWildcard {
                guard name.count > wanted.count + 1 else { continue }
                let tail = name.suffix(wanted.count + 1)
                if tail.first == UInt8(ascii: "."), tail.dropFirst().elementsEqual(wanted) { return host.routes }
            } else if name.elementsEqual(wanted) {
                return host.routes
            }
        }
        return nil
    }
}
