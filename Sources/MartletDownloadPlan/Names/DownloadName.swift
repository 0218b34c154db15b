import MartletHTTP

/// The name that a downloaded file gets: one that a server may suggest, but that surprises nobody.
///
/// It is the last part of what was suggested, without control and direction characters, without the dots, spaces and
/// dashes in front that hide a file or make it an option, without what other systems do not take, and short enough for
/// every file system with room for what is put behind it while it is fetched.
public enum DownloadName {
    /// The most bytes that a name has. File systems take 255.
    public static let longest = 200
    /// What a file is called of which nothing is known.
    public static let fallback = "download"

    /// A name for what a server, or whoever asks for the file, suggests.
    public static func safe(_ suggestion: String) -> String {
        let scalars = suggestion.unicodeScalars
        let start = scalars.lastIndex { $0 == "/" || $0 == "\\" }.map { scalars.index(after: $0) } ?? scalars.startIndex
        var name = String(String.UnicodeScalarView(scalars[start...].compactMap(replacement)))
        // What is cut may uncover more of the same.
        while let first = name.unicodeScalars.first, first == "." || first == " " { name.unicodeScalars.removeFirst() }
        name = shortened(name)
        while let last = name.unicodeScalars.last, last == "." || last == " " { name.unicodeScalars.removeLast() }
        if name.isEmpty { return fallback }
        if name.hasPrefix("-") || isReserved(name) { name = "_" + name }
        // Files that are under way end so.
        if name.hasSuffix(".part") || name.hasSuffix(".part.json") { name += "_" }
        return name
    }

    /// The name in the target of a URL, `/pub/a%20b.iso?x=1`: `a b.iso`.
    public static func ofTarget(_ target: String) -> String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let last = parts.last, !last.isEmpty else { return "index.html" }
        let bytes = Array(last)
        // Text that is not UTF-8 stays escaped.
        let text = try? PercentEncoding.string(ByteRange(0, bytes.count), in: bytes.span)
        return safe(text ?? String(decoding: bytes, as: UTF8.self))
    }

    /// The name with a number, for when it is taken: `a-1.iso`, `a-1.tar.gz`.
    public static func numbered(_ name: String, _ number: Int) -> String {
        let (stem, ending) = parts(name)
        return "\(stem)-\(number)\(ending)"
    }

    private static func replacement(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: nil
        // Marks, embeddings, overrides and isolates of direction: they make `gpj.exe` look like `exe.jpg`.
        case 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0x061C, 0xFEFF, 0x2028, 0x2029: nil
        default: "<>:\"|?*".unicodeScalars.contains(scalar) ? "_" : scalar
        }
    }

    /// At most `longest` bytes, whole characters, the ending kept.
    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > longest else { return name }
        var (stem, ending) = parts(name)
        if ending.utf8.count > 32 { (stem, ending) = (name, "") }
        var kept = ""
        var count = ending.utf8.count
        // Scalars, because a character can be of any length.
        for scalar in stem.unicodeScalars {
            count += UTF8.width(scalar)
            if count > longest { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + ending
    }

    /// `a` and `.tar.gz`.
    private static func parts(_ name: String) -> (stem: String, ending: String) {
        guard var dot = name.lastIndex(of: "."), dot > name.startIndex else { return (name, "") }
        if name[..<dot].hasSuffix(".tar"), let inner = name[..<dot].lastIndex(of: "."), inner > name.startIndex {
            dot = inner
        }
        return (String(name[..<dot]), String(name[dot...]))
    }

    /// Names of devices on Windows, with any ending.
    private static func isReserved(_ name: String) -> Bool {
        let stem = name.prefix { $0 != "." }.uppercased()
        if ["CON", "PRN", "AUX", "NUL"].contains(stem) { return true }
        guard stem.count == 4, stem.hasPrefix("COM") || stem.hasPrefix("LPT") else { return false }
        return stem.last.map { ("1"..."9").contains($0) } ?? false
    }
}
