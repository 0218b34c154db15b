import CTLS

/// Texts that certificates and keys come in (RFC 7468).
nonisolated enum PEM {
    struct Block {
        let label: String
        let der: [UInt8]
    }

    /// The blocks of a text, in order; whatever lies between them is left out.
    ///
    /// - Throws: `.invalidInput`, which says which one is broken.
    static func blocks(of text: [UInt8], source: String) throws(TLSError) -> [Block] {
        var blocks: [Block] = []
        var offset = 0
        while let block = try next(in: text, from: &offset, number: blocks.count + 1, source: source) {
            blocks.append(block)
        }
        return blocks
    }

    private static func next(
        in text: [UInt8], from offset: inout Int, number: Int, source: String
    ) throws(TLSError) -> Block? {
        var label: UnsafeMutablePointer<CChar>?
        var der: UnsafeMutablePointer<UInt8>?
        var length = 0
        let found = text.withUnsafeBufferPointer { text in
            text.withMemoryRebound(to: CChar.self) { text -> Int32 in
                // Of no bytes there is no address.
                guard let start = text.baseAddress else { return 0 }
                return ctls_pem_next(start, text.count, &offset, &label, &der, &length)
            }
        }
        defer {
            ctls_free(label)
            ctls_free(der)
        }
        guard found != 0 else { return nil }
        guard found > 0, let label else {
            throw TLSError(
                .invalidInput, "\(source): PEM block \(number) is broken: its base64 or its END line is not right")
        }
        return Block(
            label: String(cString: label), der: Array(UnsafeBufferPointer(start: der, count: length)))
    }

    static func isCertificate(_ label: String) -> Bool {
        label == "CERTIFICATE" || label == "X509 CERTIFICATE"
    }

    static func text(_ der: [UInt8], label: String) -> String {
        guard let text = ctls_pem(label, der, der.count) else { return "" }
        defer { ctls_free(text) }
        return String(cString: text)
    }
}

/// Bytes as text.
nonisolated enum Hexadecimal {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
        return text
    }
}
