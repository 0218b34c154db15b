/// Writes a form as `multipart/form-data`, RFC 7578.
///
///     let form = MultipartEncoder()
///     form.append(name: "title", value: "A bird", to: &body)
///     form.beginPart(name: "photo", filename: "swift.jpg", contentType: "image/jpeg", in: &body)
///     body.append(contentsOf: photo)
///     form.endPart(in: &body)
///     form.end(in: &body)
///     // Content-Type: form.contentType
public struct MultipartEncoder: Sendable {
    /// What parts are delimited by.
    public let boundary: String

    /// The value of Content-Type.
    public var contentType: String { "multipart/form-data; boundary=\"\(boundary)\"" }

    /// An encoder with a boundary of 128 random bits, which no data contains.
    public init() {
        let digits = String(UInt128.random(in: 0 ... .max), radix: 36)
        boundary = "martlet-" + digits
    }

    /// An encoder with the given boundary, of 1 to 70 characters of RFC 2046 §5.1.1; no line of the data may begin with
    /// two hyphens and it.
    public init(boundary: String) {
        precondition(MultipartBoundary(boundary.utf8) != nil, "a boundary is 1 to 70 characters of RFC 2046")
        self.boundary = boundary
    }

    /// Appends a part that is text.
    public func append(name: String, value: String, to output: inout ByteBuffer) {
        beginPart(name: name, in: &output)
        output.append(utf8: value)
        endPart(in: &output)
    }

    /// Appends the head of a part; the caller appends its data and ``endPart(in:)``.
    ///
    /// Quotes and line ends in names are escaped as browsers do it (`%22`); other control characters become spaces.
    public func beginPart(
        name: String, filename: String? = nil, contentType: String? = nil, in output: inout ByteBuffer
    ) {
        output.append("--")
        output.append(utf8: boundary)
        output.append("\r\nContent-Disposition: form-data; name=\"")
        output.append(fieldValue: Self.escaped(name))
        if let filename {
            output.append("\"; filename=\"")
            output.append(fieldValue: Self.escaped(filename))
        }
        output.append("\"\r\n")
        if let contentType {
            output.append("Content-Type: ")
            output.append(fieldValue: contentType)
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    /// Appends the line end behind the data of a part.
    public func endPart(in output: inout ByteBuffer) {
        output.append("\r\n")
    }

    /// Appends the delimiter that closes the form.
    public func end(in output: inout ByteBuffer) {
        output.append("--")
        output.append(utf8: boundary)
        output.append("--\r\n")
    }

    private static func escaped(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
