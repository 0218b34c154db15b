import HTTPTypes
import MartletHTTP
import MartletNet
import MartletServer
import MartletStoreService
import MartletSupervisor
import MartletWebSocket

/// Makes a configuration of a document and of what was said outside of it, and gathers everything that is wrong.
nonisolated struct ConfigurationReader {
    let file: String
    private(set) var problems: [ConfigurationProblem] = []
    var configuration = Configuration()
    /// The certificate that was named outside of the file, and whether the addresses were.
    var certificate: Configuration.TLSListen.Certificate?
    private(set) var hasListenOverride = false

    init(file: String) { self.file = file }

    mutating func read(_ document: TOMLTable) {
        var top = configuration
        read(
            document, place: .top, settings: Configuration.settings,
            others: Configuration.tables + Configuration.arraysOfTables, into: &top)
        configuration = top
        readTable("tls", of: document, Configuration.TLSService.settings, \.tls)
        readTable("limits", of: document, Configuration.Limits.settings, \.limits)
        readTable("timeouts", of: document, Configuration.Timeouts.settings, \.timeouts)
        readTable("log", of: document, Configuration.Log.settings, \.log)
        readTable("channels", of: document, Configuration.Channels.settings, \.channels)
        readListeners(document)
        readRoutes(document)
    }

    // MARK: What is said outside of the file

    mutating func apply(_ override: ConfigurationOverride) {
        let parts = override.key.split(separator: ".").map(String.init)
        switch (parts.first, parts.last) {
        case ("listen", _): applyListen(override)
        case ("tls", let key?) where Configuration.TLSListen.overridable.contains(key): applyCertificate(override, key)
        case ("tls", let key?): apply(override, key, Configuration.TLSService.settings, \.tls)
        case ("limits", let key?): apply(override, key, Configuration.Limits.settings, \.limits)
        case ("timeouts", let key?): apply(override, key, Configuration.Timeouts.settings, \.timeouts)
        case ("log", let key?): apply(override, key, Configuration.Log.settings, \.log)
        case ("channels", let key?): apply(override, key, Configuration.Channels.settings, \.channels)
        default: apply(override, override.key, Configuration.settings, \.self)
        }
    }

    private mutating func apply<Root>(
        _ override: ConfigurationOverride, _ key: String, _ settings: [Setting<Root>],
        _ path: WritableKeyPath<Configuration, Root>
    ) {
        guard let setting = settings.first(where: { $0.name == key }) else {
            add(override.origin, "no such setting \"\(override.key)\"")
            return
        }
        do throws(Complaint) {
            try setting.apply(.text(override.value), &configuration[keyPath: path])
        } catch {
            add(override.origin, error.text)
        }
    }

    /// Addresses separated by commas take the place of all that the file has.
    private mutating func applyListen(_ override: ConfigurationOverride) {
        var listeners: [Configuration.Listen] = []
        for text in override.value.split(separator: ",", omittingEmptySubsequences: false) {
            let address = String(text.drop { $0 == " " })
            do throws(Complaint) {
                listeners.append(.init(address: try SettingReaders.address(.text(address))))
            } catch {
                add(override.origin, error.text)
            }
        }
        let addresses = listeners.compactMap { try? SocketAddress(parsing: $0.address) }
        if Set(addresses).count < addresses.count { add(override.origin, "an address is listed twice") }
        configuration.listen = listeners
        hasListenOverride = true
    }

    // MARK: Tables

    /// Where a key is, for messages.
    enum Place {
        case top
        case table(String)
        case element(String)

        var suffix: String {
            switch self {
            case .top: ""
            case .table(let name): " in [\(name)]"
            case .element(let name): " in [[\(name)]]"
            }
        }
    }

    private mutating func readTable<Root>(
        _ name: String, of document: TOMLTable, _ settings: [Setting<Root>],
        _ path: WritableKeyPath<Configuration, Root>
    ) {
        guard let entry = document[name] else { return }
        guard case .table(let table) = entry.value else {
            let isDoubled = if case .array(let array) = entry.value { array.isOfHeaders } else { false }
            let advice = isDoubled ? "there is only one: write [\(name)]" : "write its keys under [\(name)]"
            add(entry.position, "\"\(name)\": expected a table, found \(SettingValue.toml(entry.value)); \(advice)")
            return
        }
        var root = configuration[keyPath: path]
        read(table, place: .table(name), settings: settings, into: &root)
        configuration[keyPath: path] = root
    }

    /// The tables of a `[[name]]`, each with the place of its header.
    mutating func tables(_ name: String, of document: TOMLTable) -> [(table: TOMLTable, position: TOMLPosition)] {
        guard let entry = document[name] else { return [] }
        guard case .array(let array) = entry.value else {
            let message =
                "\"\(name)\": expected an array of tables, found \(SettingValue.toml(entry.value)); write [[\(name)]]"
            add(entry.position, message)
            return []
        }
        var tables: [(TOMLTable, TOMLPosition)] = []
        for element in array.elements {
            if case .table(let table) = element.value {
                tables.append((table, element.position))
            } else {
                add(
                    element.position,
                    "\"\(name)\": expected a table, found \(SettingValue.toml(element.value)); write [[\(name)]]")
            }
        }
        return tables
    }

    /// Reads the keys of one table; true when all was well.
    @discardableResult
    mutating func read<Root>(
        _ table: TOMLTable, place: Place, settings: [Setting<Root>], others: [String] = [], into root: inout Root
    ) -> Bool {
        let before = problems.count
        for key in table.keys {
            guard let entry = table[key], !others.contains(key) else { continue }
            guard let setting = settings.first(where: { $0.name == key }) else {
                add(entry.position, unknown(key, entry.value, place: place, known: settings.map(\.name) + others))
                continue
            }
            do throws(Complaint) {
                try setting.apply(.toml(entry.value), &root)
            } catch {
                add(entry.position, "\"\(key)\"\(place.suffix): \(error.text)")
            }
        }
        return problems.count == before
    }

    private func unknown(_ key: String, _ value: TOMLValue, place: Place, known: [String]) -> String {
        let quoted = SettingValue.quoted(key)
        switch (place, value) {
        case (.top, .table):
            return "unknown table [\(key)]"
                + (Spelling.nearest(to: key, among: known).map { "; did you mean \(header($0))?" } ?? "")
        case (.top, .array(let array)) where array.isOfHeaders:
            return "unknown table [[\(key)]]"
                + (Spelling.nearest(to: key, among: known).map { "; did you mean \(header($0))?" } ?? "")
        case (.table, _), (.element, _):
            let belongsToTop = Configuration.settings.contains { $0.name == key }
            let advice =
                belongsToTop
                ? "; it belongs to the top of the file, before the first [table]"
                : Spelling.suggestion(for: key, among: known)
            return "unknown key \(quoted)\(place.suffix)\(advice)"
        default:
            return "unknown key \(quoted)" + Spelling.suggestion(for: key, among: known)
        }
    }

    private func header(_ name: String) -> String {
        if Configuration.arraysOfTables.contains(name) { return "[[\(name)]]" }
        return Configuration.tables.contains(name) ? "[\(name)]" : "\"\(name)\""
    }

    mutating func requireKeys<Root>(
        _ settings: [Setting<Root>], of table: TOMLTable, at position: TOMLPosition, place: Place
    ) -> Bool {
        let missing = settings.filter { $0.isRequired && table[$0.name] == nil }
        for setting in missing { add(position, "missing key \"\(setting.name)\"\(place.suffix)") }
        return missing.isEmpty
    }

    // MARK: Listeners and routes

    private mutating func readListeners(_ document: TOMLTable) {
        let place = Place.element("listen")
        var addresses: [SocketAddress: Int] = [:]
        var names: [String: Int] = [:]
        for (table, position) in tables("listen", of: document) {
            var listen = Configuration.Listen(address: "")
            let isComplete = requireKeys(Configuration.Listen.settings, of: table, at: position, place: place)
            let isRight = read(
                table, place: place, settings: Configuration.Listen.settings, others: ["tls"], into: &listen)
            guard isComplete, isRight, let address = try? SocketAddress(parsing: listen.address) else { continue }
            let here = table["address"]?.position ?? position
            if let line = addresses.updateValue(here.line, forKey: address) {
                add(here, "the address \"\(listen.address)\" is listed already, in line \(line)")
            }
            if let name = listen.name, let entry = table["name"],
                let line = names.updateValue(entry.position.line, forKey: name)
            {
                add(entry.position, "the name \"\(name)\" is taken already, in line \(line)")
            }
            if case .unix = address {
            } else if let entry = table["mode"] {
                add(entry.position, "\"mode\" in [[listen]]: only the file of a Unix socket has one; remove it")
            }
            if let entry = table["tls"] { listen.tls = readTLS(entry) }
            configuration.listen.append(listen)
        }
    }

    private mutating func readRoutes(_ document: TOMLTable) {
        let place = Place.element("route")
        var routes = RouteTrie<Int>()
        for (table, position) in tables("route", of: document) {
            var route = Configuration.Route(path: "")
            let isComplete = requireKeys(Configuration.Route.settings, of: table, at: position, place: place)
            let isRight = read(table, place: place, settings: Configuration.Route.settings, into: &route)
            guard isComplete, isRight, let pattern = try? RoutePattern(parsing: route.path) else { continue }
            checkKind(of: route, table)
            switch route.webSocket {
            case nil: checkText(of: route, pattern, table, position)
            case .echo: break
            case .channel: checkChannel(of: route, pattern, table, position)
            }
            for name in route.methods {
                guard let method = HTTPRequest.Method(name) else { continue }  // the reader has seen that it is a token
                do throws(RouteError) {
                    try routes.insert(pattern, method: method, value: position.line)
                } catch {
                    add(table["path"]?.position ?? position, error.description)
                    break
                }
            }
            configuration.routes.append(route)
        }
    }

    private mutating func checkText(
        of route: Configuration.Route, _ pattern: RoutePattern, _ table: TOMLTable, _ position: TOMLPosition
    ) {
        let hasBody = route.status != 204 && route.status != 304  // RFC 9110 §6.4.1
        guard let entry = table["text"] else {
            if hasBody, route.downloads == nil, route.store == nil {
                add(position, "missing key \"text\" in [[route]]")
            }
            return
        }
        if !hasBody, !route.text.isEmpty {
            add(entry.position, "\"text\" in [[route]]: a response with status \(route.status) has no body; remove it")
        }
        checkNames(
            route.template.parameterNames, of: pattern, "text", entry.position,
            or: { "write {{\($0)}} for the text itself" })
    }

    private mutating func checkChannel(
        of route: Configuration.Route, _ pattern: RoutePattern, _ table: TOMLTable, _ position: TOMLPosition
    ) {
        guard let entry = table["channel"] else {
            return add(position, "missing key \"channel\" in [[route]]: name it, such as \"room/{name}\"")
        }
        // The reader has seen that it is a pattern.
        guard let channel = try? ChannelNamePattern(route.channel) else { return }
        checkNames(
            channel.parameters, of: pattern, "channel", entry.position, or: { "add {\($0)} to the path, or remove it" })
    }

    /// A template's places have to be parameters of the path.
    private mutating func checkNames(
        _ names: [String], of pattern: RoutePattern, _ key: String, _ position: TOMLPosition,
        or advice: (String) -> String
    ) {
        let known = pattern.parameterNames
        for name in names where !known.contains(name) {
            let advice = Spelling.nearest(to: name, among: known).map { "did you mean {\($0)}?" } ?? advice(name)
            add(position, "\"\(key)\" in [[route]]: the path has no parameter {\(name)}; \(advice)")
        }
    }

    /// A route answers requests, speaks WebSocket, takes downloads or keeps entries, and has the keys of that.
    private mutating func checkKind(of route: Configuration.Route, _ table: TOMLTable) {
        typealias Route = Configuration.Route
        let kinds = [
            ("websocket", route.webSocket != nil), ("downloads", route.downloads != nil), ("store", route.store != nil),
        ]
        let kind = kinds.first { $0.1 }?.0
        let groups = [
            (nil, Route.answerKeys), ("websocket", Route.webSocketKeys), ("downloads", Route.downloadKeys),
            ("store", Route.storeKeys),
        ]
        for (owner, keys) in groups where owner != kind {
            for key in keys + (owner.map { [$0] } ?? []) {
                guard let entry = table[key] else { continue }
                let advice =
                    owner.map {
                        $0 == key
                            ? "a route has one of \"websocket\", \"downloads\" and \"store\""
                            : "only a route with \"\($0)\" has one"
                    }
                    ?? "a route with \"\(kind ?? "")\" has none; remove it"
                add(entry.position, "\"\(key)\" in [[route]]: \(advice)")
            }
        }
        if route.webSocket == .echo, let entry = table["channel"] {
            add(entry.position, "\"channel\" in [[route]]: only websocket = \"channel\" has one; remove it")
        }
        if route.store != nil, let entry = table["path"] {
            do throws(RouteError) {
                _ = try StorePath(route.path)
            } catch {
                add(entry.position, "\"path\" in [[route]]: \(error.reason)")
            }
        }
        if route.downloads != nil {
            if let entry = table["path"], route.path.contains("{") || route.path.hasSuffix("/") {
                add(
                    entry.position,
                    "\"path\" in [[route]]: one with \"downloads\" has no parameters and no \"/\" at its end")
            }
            if table["hosts"] == nil, let entry = table["downloads"] {
                add(entry.position, "missing key \"hosts\" in [[route]]: name those that may be asked, or [\"*\"]")
            }
        }
    }

    // MARK: Problems

    mutating func add(_ position: TOMLPosition, _ message: String) {
        add(.file(file, line: position.line), message)
    }

    mutating func add(_ origin: ConfigurationProblem.Origin, _ message: String) {
        problems.append(ConfigurationProblem(origin: origin, message: message))
    }
}
