import MartletDownloads

/// A file of URLs: one on a line, perhaps with a checksum and a name.
nonisolated enum FetchList {
    /// A line that cannot be understood.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// The files of a list.
    ///
    /// - Parameter path: for messages.
    static func items(in text: String, path: String) throws(Fault) -> [DownloadItem] {
        var items: [DownloadItem] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let url = words.first, !url.hasPrefix("#") else { continue }
            var item = DownloadItem(String(url))
            for word in words.dropFirst() {
                if word.hasPrefix("#") { break }
                let parts = word.split(separator: "=", maxSplits: 1)
                switch parts.first {
                case "checksum" where parts.count == 2:
                    guard let checksum = Checksum(String(parts[1])) else {
                        throw Fault(description: "\(path):\(number + 1): \"\(parts[1])\" is no checksum")
                    }
                    item.checksum = checksum
                case "name" where parts.count == 2: item.name = String(parts[1])
                default:
                    throw Fault(
                        description:
                            "\(path):\(number + 1): expected checksum=… or name=… behind the URL, found \"\(word)\"")
                }
            }
            items.append(item)
        }
        return items
    }
}
