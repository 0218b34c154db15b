import HTTPTypes

/// Where redirects lead, RFC 9110 §15.4: for the client, and for those who follow them by themselves.
nonisolated extension HTTPClientRequest {
    /// What a Location field refers to.
    package func target(of location: String) throws(HTTPURLError) -> HTTPURL {
        let target = try url.resolving(Self.escaped(location))
        guard target.scheme == "http" || target.scheme == "https" else {
            throw HTTPURLError("its scheme is not http or https")
        }
        return target
    }

    /// Makes it a request to where a redirect leads. What says who the client is goes to no other origin, and is gone for
    /// the redirects behind as well, even if they lead back.
    package mutating func move(to target: HTTPURL) {
        if !target.hasSameOrigin(as: url) {
            dropCredentials()
        } else if fields[.authorization] == nil {
            // A reference has no user and password in it.
            fields[.authorization] = url.authorization
        }
        url = target
    }

    private mutating func dropCredentials() {
        for name in Self.credentialFields { fields[name] = nil }
        change {
            $0.withholdsCredentials = true
            $0.credentials = nil
            $0.address = nil
        }
    }

    /// Fields that are for one origin only.
    static let credentialFields: [HTTPField.Name] = [.authorization, .cookie, .proxyAuthorization]

    /// A reference with what may not stand in one percent-encoded, as every browser does it: many servers send names as they
    /// are. Brackets are left alone in front of the path, where they are those of an address.
    private static func escaped(_ reference: String) -> String {
        let authorityEnd = reference.firstRange(of: "//").map { start in
            reference[start.upperBound...].firstIndex { $0 == "/" || $0 == "?" } ?? reference.endIndex
        }
        let pathStart = reference.hasPrefix("/") && !reference.hasPrefix("//") ? nil : authorityEnd
        var result = String(reference[..<(pathStart ?? reference.startIndex)])
        for byte in reference[(pathStart ?? reference.startIndex)...].utf8 {
            if byte > 0x20, byte < 0x7F, !"\"<>\\^`{|}[]".utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
