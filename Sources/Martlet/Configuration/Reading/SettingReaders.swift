import Logging
import MartletHTTP
import MartletNet
import MartletServer
import MartletSupervisor
import MartletWebSocket

/// How values are understood, and what is said about those that are not.
nonisolated enum SettingReaders {
    typealias Reader<Value> = @Sendable (SettingValue) throws(Complaint) -> Value

    // MARK: Values of any kind

    static let boolean: Reader<Bool> = { value throws(Complaint) in
        guard let boolean = value.boolean else { throw Complaint(expected: "true or false", found: value) }
        return boolean
    }

    static func integer<Number: FixedWidthInteger & Sendable>(_ range: ClosedRange<Number>) -> Reader<Number> {
        { value throws(Complaint) in
            guard let integer = value.integer.flatMap({ Number(exactly: $0) }), range.contains(integer) else {
                let expected = "an integer between \(range.lowerBound) and \(range.upperBound)"
                throw Complaint(expected: expected, found: value)
            }
            return integer
        }
    }

    static func bytes(_ range: ClosedRange<ByteCount>) -> Reader<ByteCount> {
        { value throws(Complaint) in
            let count = value.string.map { ByteCount($0) } ?? value.integer.flatMap { $0 < 0 ? nil : ByteCount($0) }
            guard let count else { throw Complaint(expected: ByteCount.forms, found: value) }
            guard range.contains(count) else {
                throw Complaint(
                    expected: "a size between \(range.lowerBound) and \(range.upperBound)", found: value)
            }
            return count
        }
    }

    static func duration(_ range: ClosedRange<ConfigurationDuration>) -> Reader<ConfigurationDuration> {
        { value throws(Complaint) in
            guard let duration = value.string.flatMap({ ConfigurationDuration($0) }) else {
                let advice = value.integer.map { "add a unit, such as \"\($0)s\"" }
                throw Complaint(expected: ConfigurationDuration.forms, found: value, advice: advice)
            }
            guard range.contains(duration) else {
                throw Complaint(
                    expected: "a duration between \(range.lowerBound) and \(range.upperBound)", found: value)
            }
            return duration
        }
    }

    /// A duration, or `"off"`.
    static func optionalDuration(_ range: ClosedRange<ConfigurationDuration>) -> Reader<ConfigurationDuration?> {
        let duration = duration(range)
        return { value throws(Complaint) in
            if value.string == "off" { return nil }
            do throws(Complaint) {
                return try duration(value)
            } catch {
                throw Complaint(error.text.replacing("expected ", with: "expected \"off\" or ", maxReplacements: 1))
            }
        }
    }

    /// One of the words of an enumeration.
    static func word<Word: RawRepresentable<String> & CaseIterable & Sendable>() -> Reader<Word> {
        { value throws(Complaint) in
            guard let word = value.string.flatMap({ Word(rawValue: $0) }) else {
                let words = Word.allCases.map(\.rawValue)
                let advice = value.string.flatMap { Spelling.nearest(to: $0, among: words) }
                throw Complaint(
                    expected: "one of \(words.map { "\"\($0)\"" }.joined(separator: ", "))", found: value,
                    advice: advice.map { "did you mean \"\($0)\"?" })
            }
            return word
        }
    }

    /// The path of a file.
    static let file: Reader<String> = { value throws(Complaint) in
        guard let path = value.string, !path.isEmpty, !path.utf8.contains(0), path.utf8.count < 4096 else {
            throw Complaint(expected: "the path of a file", found: value)
        }
        return path
    }

    static let someFile: Reader<String?> = { value throws(Complaint) in try file(value) }

    // MARK: Particular values

    static let workers: Reader<Configuration.WorkerCount> = { value throws(Complaint) in
        if value.string == "auto" { return .automatic }
        guard let count = value.integer, (1...1024).contains(count) else {
            throw Complaint(expected: "\"auto\" or an integer between 1 and 1024", found: value)
        }
        return .fixed(Int(count))
    }

    /// The name of a user, or nothing.
    static let userName: Reader<String?> = { value throws(Complaint) in
        guard let name = value.string, name.utf8.count <= 256, !name.utf8.contains(0) else {
            throw Complaint(expected: "the name of a user, or \"\" for the one that starts the daemon", found: value)
        }
        return name.isEmpty ? nil : name
    }

    /// The mode of a file, as chmod takes it.
    static let mode: Reader<UInt32> = { value throws(Complaint) in
        guard case .some(let text) = value.string, (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8),
            mode <= 0o777
        else { throw Complaint(expected: "a file's mode as a string of octal digits such as \"0660\"", found: value) }
        return mode
    }

    static let someMode: Reader<UInt32?> = { value throws(Complaint) in try mode(value) }

    /// The absolute path of a Unix socket, or nothing.
    static let socketPath: Reader<String?> = { value throws(Complaint) in
        guard let path = value.string else { throw Complaint(expected: "the path of a socket", found: value) }
        if path.isEmpty { return nil }
        guard path.hasPrefix("/"), !path.utf8.contains(0), path.utf8.count <= ControlSocketPath.longest else {
            let expected = "an absolute path of at most \(ControlSocketPath.longest) bytes, or \"\" for no socket"
            throw Complaint(expected: expected, found: value)
        }
        return path
    }

    static let address: Reader<String> = { value throws(Complaint) in
        guard let text = value.string else { throw Complaint(expected: "an address in a string", found: value) }
        let address: SocketAddress
        do throws(AddressError) {
            address = try SocketAddress(parsing: text)
        } catch {
            throw Complaint(error.description)
        }
        guard address.port != 0 else {
            throw Complaint("\(SettingValue.quoted(text)): port 0 would be another port for each worker; name one")
        }
        return text
    }

    static let listenerName: Reader<String?> = { value throws(Complaint) in
        let isName = value.string.map { name in
            (1...255).contains(name.utf8.count)
                && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        }
        guard isName == true else {
            throw Complaint(expected: "a name of visible ASCII characters without \":\"", found: value)
        }
        return value.string
    }

    static let logLevel: Reader<Logger.Level> = { value throws(Complaint) in
        let levels = Logger.Level.allCases.map(\.rawValue)
        guard let level = value.string.flatMap({ Logger.Level(rawValue: $0) }) else {
            let advice = value.string.flatMap { Spelling.nearest(to: $0, among: levels) }
            throw Complaint(
                expected: "one of \(levels.joined(separator: ", "))", found: value,
                advice: advice.map { "did you mean \"\($0)\"?" })
        }
        return level
    }

    static let logTarget: Reader<String> = { value throws(Complaint) in
        guard let text = value.string, LogTarget(text) != nil else {
            throw Complaint(expected: "\"auto\", \"stderr\", \"journal\" or an absolute path", found: value)
        }
        return text
    }

    // MARK: Routes

    static let routePath: Reader<String> = { value throws(Complaint) in
        guard let text = value.string else { throw Complaint(expected: "a path in a string", found: value) }
        do throws(RouteError) {
            _ = try RoutePattern(parsing: text)
        } catch {
            throw Complaint(error.description)
        }
        return text
    }

    static let methods: Reader<[String]> = { value throws(Complaint) in
        guard case .toml(.array(let array)) = value, !array.elements.isEmpty else {
            throw Complaint(expected: "an array of methods such as [\"GET\"]", found: value)
        }
        var methods: [String] = []
        for element in array.elements {
            guard case .string(let name) = element.value, !name.isEmpty, name.utf8.count <= 64,
                name.utf8.allSatisfy({ "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_0123456789".utf8.contains($0) })
            else {
                throw Complaint(expected: "methods in capital letters such as \"GET\"", found: .toml(element.value))
            }
            methods.append(name)
        }
        return methods
    }

    static let text: Reader<String> = { value throws(Complaint) in
        guard let text = value.string else { throw Complaint(expected: "a string", found: value) }
        return text
    }

    static let webSocketKind: Reader<Configuration.Route.WebSocketKind?> = { value throws(Complaint) in
        let kinds = Configuration.Route.WebSocketKind.allCases.map(\.rawValue)
        guard let kind = value.string.flatMap({ Configuration.Route.WebSocketKind(rawValue: $0) }) else {
            let advice = value.string.flatMap { Spelling.nearest(to: $0, among: kinds) }
            throw Complaint(
                expected: "\"echo\" or \"channel\"", found: value, advice: advice.map { "did you mean \"\($0)\"?" })
        }
        return kind
    }

    /// A channel's name, perhaps with parameters of the path.
    static let channelName: Reader<String> = { value throws(Complaint) in
        guard let name = value.string, (1...200).contains(name.utf8.count), !name.utf8.contains(where: { $0 < 0x20 })
        else { throw Complaint(expected: "a name of 1 to 200 bytes such as \"room/{name}\"", found: value) }
        do throws(ChannelNamePatternError) {
            _ = try ChannelNamePattern(name)
        } catch {
            throw Complaint("\(error)")
        }
        return name
    }

    /// Origins as browsers send them (RFC 6454 §6.2).
    static let origins: Reader<[String]> = { value throws(Complaint) in
        guard case .toml(.array(let array)) = value, !array.elements.isEmpty else {
            throw Complaint(expected: "an array of origins such as [\"https://example.org\"], or [\"*\"]", found: value)
        }
        var origins: [String] = []
        for element in array.elements {
            guard case .string(let text) = element.value, isOrigin(text) else {
                throw Complaint(
                    expected: "an origin such as \"https://example.org\", without a path, or \"*\"",
                    found: .toml(element.value))
            }
            origins.append(text)
        }
        return origins
    }

    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" { return true }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && text == text.lowercased()
            && parts[1].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") }
    }

    /// A field's value (RFC 9110 §5.5) in ASCII.
    static let contentType: Reader<String> = { value throws(Complaint) in
        guard let text = value.string, text.utf8.contains(UInt8(ascii: "/")),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            text.first != " ", text.last != " "
        else { throw Complaint(expected: "a media type such as \"text/plain; charset=utf-8\"", found: value) }
        return text
    }
}
