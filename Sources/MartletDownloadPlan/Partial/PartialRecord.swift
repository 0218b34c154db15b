import MartletJSON

/// What is known of a file that is not complete: kept beside it, so that the download can go on after whatever has ended
/// it.
///
/// It says no more than is true: bytes are written, and safe from a power failure, before they are in the record.
/// Whatever is wrong with it, the download begins again.
public struct PartialRecord: Hashable, Sendable {
    /// Where the file comes from, without credentials.
    public var url: String
    /// What version of it.
    public var validator: Validator
    /// Its length; `nil` when the server does not tell.
    public var length: Int?
    /// Which bytes are there.
    public var done: ByteRanges

    /// The most bytes that a record has.
    public static let longest = 256 * 1024
    private static let version = 1
    /// More than any number of segments leaves.
    private static let mostRanges = 4096

    /// A record.
    public init(url: String, validator: Validator, length: Int?, done: ByteRanges) {
        self.url = url
        self.validator = validator
        self.length = length
        self.done = done
    }

    /// Reads a record; `nil` when it is damaged, of another version of the format, or contradicts itself.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.longest, let stored = try? JSONReader().read(Stored.self, from: bytes),
            stored.version == Self.version, stored.ranges.count <= Self.mostRanges
        else { return nil }
        let length = stored.length ?? .max
        guard length >= 0 else { return nil }
        var ranges: [Range<Int>] = []
        for range in stored.ranges {
            guard range.count == 2, range[0] >= ranges.last?.upperBound ?? 0, range[0] < range[1], range[1] <= length
            else { return nil }
            ranges.append(range[0]..<range[1])
        }
        self.init(
            url: stored.url,
            validator: Validator(
                tag: stored.etag, lastModified: stored.lastModified, isDateStrong: stored.isDateStrong ?? false),
            length: stored.length, done: ByteRanges(ranges))
    }

    /// The record as it is kept: JSON.
    ///
    /// - Throws: what the writer of JSON throws, which it does not for this.
    public func bytes() throws -> [UInt8] {
        try JSONWriter().write(
            Stored(
                version: Self.version, url: url, etag: validator.tag, lastModified: validator.lastModified,
                isDateStrong: validator.isDateStrong, length: length,
                ranges: done.ranges.map { [$0.lowerBound, $0.upperBound] }))
    }

    private struct Stored: Codable {
        var version: Int
        var url: String
        var etag: String?
        var lastModified: String?
        var isDateStrong: Bool?
        var length: Int?
        var ranges: [[Int]]
    }
}
