/// The links of a page: as much of HTML as it takes to find them.
nonisolated enum Links {
    private static let attributes = ["href=\"", "src=\"", "href='", "src='"]

    /// What stands in `href` and `src`, in order, without what only leads to another place on the same page.
    static func find(in page: String) -> [String] {
        var found: [(Substring.Index, String)] = []
        for attribute in attributes {
            guard let quote = attribute.last else { continue }
            var rest = page[...]
            while let start = rest.firstRange(of: attribute) {
                rest = rest[start.upperBound...]
                guard let end = rest.firstIndex(of: quote) else { break }
                found.append((start.lowerBound, String(rest[..<end].replacing("&amp;", with: "&"))))
                rest = rest[end...]
            }
        }
        return found.sorted { $0.0 < $1.0 }.map(\.1).filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    /// Whether a link is for somebody else: `mailto:`, `javascript:` and the like.
    static func isOtherScheme(_ reference: String) -> Bool {
        guard let colon = reference.firstIndex(of: ":") else { return false }
        let scheme = reference[..<colon]
        return scheme.allSatisfy { $0.isLetter || $0.isNumber } && !["http", "https"].contains(scheme.lowercased())
    }
}
