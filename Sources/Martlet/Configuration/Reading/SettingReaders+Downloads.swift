import MartletDownloadPlan
import MartletHTTP

/// How the values of a download service are understood.
nonisolated extension SettingReaders {
    static let absolutePath: Reader<String> = { value throws(Complaint) in
        guard let path = value.string, path.hasPrefix("/"), path.utf8.count <= 4096, !path.utf8.contains(0) else {
            throw Complaint(expected: "an absolute path", found: value)
        }
        // Jobs name directories as they stand here.
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    static let someAbsolutePath: Reader<String?> = { value throws(Complaint) in try absolutePath(value) }

    static let absolutePaths: Reader<[String]> = { value throws(Complaint) in
        try strings(value, "an array of absolute paths") { element throws(Complaint) in try absolutePath(element) }
    }

    static let hostPatterns: Reader<[String]> = { value throws(Complaint) in
        try strings(value, "an array of hosts such as [\"example.org\", \"*.example.net\"]") {
            element throws(Complaint) in
            guard let pattern = element.string.flatMap({ DownloadHostPattern($0) }) else {
                throw Complaint(expected: "a host such as \"example.org\", \"*.example.net\" or \"*\"", found: element)
            }
            return pattern.description
        }
    }

    static let networks: Reader<[String]> = { value throws(Complaint) in
        try strings(value, "an array of networks such as [\"10.1.0.0/16\"]") { element throws(Complaint) in
            guard let text = element.string, AddressPrefix(text) != nil else {
                throw Complaint(expected: "a network such as \"10.1.0.0/16\" or \"fd00::/8\"", found: element)
            }
            return text
        }
    }

    private static func strings(
        _ value: SettingValue, _ expected: String, _ read: (SettingValue) throws(Complaint) -> String
    ) throws(Complaint) -> [String] {
        guard case .toml(.array(let array)) = value else { throw Complaint(expected: expected, found: value) }
        var strings: [String] = []
        for element in array.elements { strings.append(try read(.toml(element.value))) }
        return strings
    }
}
