import HTTPTypes
import MartletHTTP

/// From path and method to the number of a route; all but the values of a ``RouteTrie``.
nonisolated struct RouteIndex: ~Copyable {
    struct Node {
        var hasLiterals = false
        var hasTyped = false
        var integer: Int32 = -1
        var number: Int32 = -1
        var uuid: Int32 = -1
        var parameter: Int32 = -1
        var wildcard: Int32 = -1
        var rest: Int32 = -1
        var firstEntry: Int32 = -1
    }

    /// One method of a node; those of one node form a list.
    struct Entry {
        let method: Int
        let route: Int
        var next: Int32 = -1
    }

    private struct Tables: ~Copyable {
        var nodes = [Node()]
        var entries: [Entry] = []
        var literals = LiteralTable()
        /// Routes that consist of literals only, by method and whole path: they go before all others of that path, and
        /// one look-up finds them. A method stands in place of a node.
        var wholePaths = LiteralTable()
        /// All methods that routes have; a method is known by its place here.
        var methods: [HTTPRequest.Method] = []
        /// The place in `methods` of every ``HTTPMethod``, -1 where no route has it.
        var places = InlineArray<10, Int>(repeating: -1)
    }

    /// At a place of their own: the compiler copies a value as large as that for each call of a method.
    private let tables: UnsafeMutablePointer<Tables>

    init() {
        tables = .allocate(capacity: 1)
        tables.initialize(to: Tables())
    }

    deinit {
        tables.deinitialize(count: 1)
        tables.deallocate()
    }

    private var nodes: [Node] {
        _read { yield tables.pointee.nodes }
        nonmutating _modify { yield &tables.pointee.nodes }
    }
    private var entries: [Entry] {
        _read { yield tables.pointee.entries }
        nonmutating _modify { yield &tables.pointee.entries }
    }
    private var literals: LiteralTable {
        _read { yield tables.pointee.literals }
        nonmutating _modify { yield &tables.pointee.literals }
    }
    private var wholePaths: LiteralTable {
        _read { yield tables.pointee.wholePaths }
        nonmutating _modify { yield &tables.pointee.wholePaths }
    }
    private var places: InlineArray<10, Int> {
        _read { yield tables.pointee.places }
        nonmutating _modify { yield &tables.pointee.places }
    }
    private(set) var methods: [HTTPRequest.Method] {
        get { tables.pointee.methods }
        nonmutating set { tables.pointee.methods = newValue }
    }

    // MARK: Adding

    mutating func insert(_ pattern: RoutePattern, method: HTTPRequest.Method, route: Int) {
        var node = 0
        for segment in pattern.segments { node = child(of: node, for: segment) }
        let place = place(of: method)
        append(Entry(method: place, route: route), to: node)
        if let path = Self.wholePath(of: pattern) { wholePaths.insert(path, of: place, child: route) }
    }

    /// The path of a pattern without captures, from behind its first slash on, as a request without escapes sends it;
    /// nil when no such request can mean it, or a segment of it would look like two.
    private static func wholePath(of pattern: RoutePattern) -> [UInt8]? {
        var path: [UInt8] = []
        for (place, segment) in pattern.segments.enumerated() {
            guard case .literal(let text) = segment, !text.utf8.contains(UInt8(ascii: "/")) else { return nil }
            if place > 0 { path.append(UInt8(ascii: "/")) }
            path += text.utf8
        }
        return path.contains(UInt8(ascii: "%")) ? nil : path
    }

    private mutating func place(of method: HTTPRequest.Method) -> Int {
        if let place = methods.firstIndex(of: method) { return place }
        methods.append(method)
        let known = HTTPMethod(method)
        if known != .other { places[Int(known.rawValue)] = methods.count - 1 }
        return methods.count - 1
    }

    private mutating func child(of node: Int, for segment: RoutePattern.Segment) -> Int {
        switch segment {
        case .literal(let text):
            nodes[node].hasLiterals = true
            let bytes = Array(text.utf8)
            if let known = literals.child(of: node, bytes.span, 0, bytes.count) { return known }
            nodes.append(Node())
            literals.insert(bytes, of: node, child: nodes.count - 1)
            return nodes.count - 1
        case .parameter(_, let type):
            if type != .text { nodes[node].hasTyped = true }
            switch type {
            case .text: return child(of: node, \.parameter)
            case .integer: return child(of: node, \.integer)
            case .number: return child(of: node, \.number)
            case .uuid: return child(of: node, \.uuid)
            }
        case .wildcard: return child(of: node, \.wildcard)
        case .rest: return child(of: node, \.rest)
        }
    }

    private mutating func child(of node: Int, _ kind: WritableKeyPath<Node, Int32>) -> Int {
        if nodes[node][keyPath: kind] < 0 {
            nodes.append(Node())
            nodes[node][keyPath: kind] = Int32(nodes.count - 1)
        }
        return Int(nodes[node][keyPath: kind])
    }

    private mutating func append(_ entry: Entry, to node: Int) {
        let added = Int32(entries.count)
        entries.append(entry)
        guard nodes[node].firstEntry >= 0 else {
            nodes[node].firstEntry = added
            return
        }
        var last = Int(nodes[node].firstEntry)
        while entries[last].next >= 0 { last = Int(entries[last].next) }
        entries[last].next = added
    }

    // MARK: Finding

    /// What a walk looks for and what it has met.
    struct Search {
        let start: Int
        let end: Int
        /// A place in `methods`, or -1.
        let method: Int
        /// Whether the path may have escapes, and so be another one than its bytes.
        let mayHaveEscapes: Bool
        /// A route of the path for another method.
        var other: Int?

        init(_ path: ByteRange, _ method: Int, mayHaveEscapes: Bool = true) {
            self.mayHaveEscapes = mayHaveEscapes
            end = Int(path.end)
            start = min(Int(path.start) + 1, end)
            self.method = method
        }
    }

    static func allow(_ methods: [HTTPRequest.Method]) -> String {
        var names: [String] = []
        for method in methods.flatMap({ $0 == .get ? [.get, .head] : [$0] }) + [.options]
        where !names.contains(method.rawValue) {
            names.append(method.rawValue)
        }
        return names.joined(separator: ", ")
    }

    /// The place of a request's method in `methods`; HEAD is GET where no route at all has it.
    @inline(__always)
    func wanted(_ method: HTTPMethod, _ name: ByteRange, in bytes: Span<UInt8>) -> Int {
        if method == .other {
            let name = String(name, in: bytes)
            return methods.firstIndex { $0.rawValue == name } ?? -1
        }
        let place = places[Int(method.rawValue)]
        return place < 0 && method == .head ? places[Int(HTTPMethod.get.rawValue)] : place
    }

    func find(_ search: inout Search, in bytes: Span<UInt8>, into captures: inout RouteCaptures) -> Int? {
        precondition(search.end <= bytes.count)
        captures.removeAll()
        if !search.mayHaveEscapes, let route = wholePaths.child(of: search.method, bytes, search.start, search.end) {
            return route
        }
        return visit(0, search.start, bytes, &search, &captures)
    }

    /// Tries the children of `node` with the segment that begins at `start`; the route found, or nil.
    private func visit(
        _ node: Int, _ start: Int, _ bytes: Span<UInt8>, _ search: inout Search, _ captures: inout RouteCaptures
    ) -> Int? {
        let (stop, hasEscape) = Self.segment(from: start, to: search.end, bytes)
        let here = nodes[node]
        if here.hasLiterals, let child = literals.child(of: node, bytes, start, stop, hasEscape: hasEscape),
            let route = descend(child, stop, bytes, &search, &captures)
        {
            return route
        }
        if stop > start {
            if here.hasTyped {
                let segment = ByteRange(start, stop)
                captures.append(segment)
                if here.integer >= 0, RouteParameterType.integer.matches(segment, in: bytes, hasEscape: hasEscape),
                    let route = descend(Int(here.integer), stop, bytes, &search, &captures)
                {
                    return route
                }
                if here.number >= 0, RouteParameterType.number.matches(segment, in: bytes, hasEscape: hasEscape),
                    let route = descend(Int(here.number), stop, bytes, &search, &captures)
                {
                    return route
                }
                if here.uuid >= 0, RouteParameterType.uuid.matches(segment, in: bytes, hasEscape: hasEscape),
                    let route = descend(Int(here.uuid), stop, bytes, &search, &captures)
                {
                    return route
                }
                captures.removeLast()
            }
            if here.parameter >= 0 {
                captures.append(ByteRange(start, stop))
                if let route = descend(Int(here.parameter), stop, bytes, &search, &captures) { return route }
                captures.removeLast()
            }
            if here.wildcard >= 0, let route = descend(Int(here.wildcard), stop, bytes, &search, &captures) {
                return route
            }
        }
        if here.rest >= 0 {
            captures.append(ByteRange(start, search.end))
            if let route = accept(Int(here.rest), &search) { return route }
            captures.removeLast()
        }
        return nil
    }

    /// Where the segment that begins at `start` ends, and whether it has an escape. `end` is within `bytes`.
    @inline(__always)
    private static func segment(from start: Int, to end: Int, _ bytes: Span<UInt8>) -> (stop: Int, hasEscape: Bool) {
        var stop = start
        // Eight bytes a step while none of them is a slash or a percent sign.
        while stop &+ 8 <= end {
            let word = bytes.word(at: stop)
            let hits = SWAR.zeros(word ^ SWAR.all(0x2F)) | SWAR.zeros(word ^ SWAR.all(0x25))
            if hits & SWAR.topBits != 0 { break }
            stop &+= 8
        }
        var hasEscape = false
        while stop < end {
            let byte = bytes[unchecked: stop]
            if byte == 0x2F { break }
            if byte == 0x25 { hasEscape = true }
            stop &+= 1
        }
        return (stop, hasEscape)
    }

    @inline(__always)
    private func descend(
        _ child: Int, _ stop: Int, _ bytes: Span<UInt8>, _ search: inout Search, _ captures: inout RouteCaptures
    ) -> Int? {
        stop == search.end ? accept(child, &search) : visit(child, stop + 1, bytes, &search, &captures)
    }

    /// The route of a node at the end of the path for the method that is looked for.
    @inline(__always)
    private func accept(_ node: Int, _ search: inout Search) -> Int? {
        let isHead = search.method >= 0 && search.method == places[Int(HTTPMethod.head.rawValue)]
        var fallback: Int?
        var next = nodes[node].firstEntry
        while next >= 0 {
            let entry = entries[Int(next)]
            if entry.method == search.method { return entry.route }
            if isHead, entry.method == places[Int(HTTPMethod.get.rawValue)] { fallback = entry.route }
            if search.other == nil { search.other = entry.route }
            next = entry.next
        }
        return fallback
    }
}
