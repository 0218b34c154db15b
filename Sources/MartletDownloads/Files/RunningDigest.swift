import COpenSSL

/// Adds bytes up while they are written, or read, on a thread.
///
/// `@unchecked Sendable`, because: it goes from one closure on the thread pool to the next, of which a download lets
/// only one at a time have it and waits for each before it begins another.
nonisolated final class RunningDigest: @unchecked Sendable {
    private let context: OpaquePointer
    private let algorithm: Checksum.Algorithm
    /// How many bytes have been added, from the beginning of the file.
    private(set) var count = 0

    init?(_ algorithm: Checksum.Algorithm) {
        guard let context = EVP_MD_CTX_new() else { return nil }
        self.context = context
        self.algorithm = algorithm
        let kind =
            switch algorithm {
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            case .md5: EVP_md5()
            }
        // Refused where the system forbids the algorithm (FIPS).
        guard EVP_DigestInit_ex(context, kind, nil) == 1 else { return nil }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        count += bytes.count
    }

    /// The sum, in hexadecimal digits; ends it.
    func finish() -> String {
        var sum = [UInt8](repeating: 0, count: algorithm.length)
        EVP_DigestFinal_ex(context, &sum, nil)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: sum.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
