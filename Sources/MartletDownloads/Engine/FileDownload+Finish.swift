import Glibc
import MartletClient
import MartletDownloadPlan
import MartletHTTP
import MartletLoop

/// Names, files that are there already, and the end.
extension FileDownload {
    /// The file that is there already, if it is to stay.
    ///
    /// - Parameters:
    ///   - length: what the server says that the file has, if it has been asked.
    ///   - isChosen: whether the name is the caller's or the URL's, so that another file there may be replaced.
    func existing(length: Int?, isChosen: Bool) async throws -> DownloadedFile? {
        guard options.existing == .keep || options.existing == .fail else { return nil }
        let path = "\(batch.directory)/\(name)"
        guard let status = try? await FileSystem.status(of: path), status.kind == .regular else { return nil }
        guard options.existing == .keep else {
            throw DownloadError(.exists, url: "\(url)", "\(path) is there already")
        }
        if let checksum = item.checksum {
            batch.update(index) { $0.state = .finishing }
            guard try await Self.sum(path, checksum.algorithm) == checksum.hex else {
                replaces = isChosen
                return nil
            }
        } else if let length, length != status.size {
            return nil
        }
        return DownloadedFile(
            url: "\(url)", path: path, size: status.size, received: 0, wasThere: true, checksum: item.checksum)
    }

    private static func sum(_ path: String, _ algorithm: Checksum.Algorithm) async throws -> String {
        try await offload {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemError("open", target: path) }
            defer { Glibc.close(descriptor) }
            return try PartialFileCalls.sum(descriptor, algorithm, path)
        }
    }

    /// Takes the name that the server gives, where it may.
    func take(name suggestion: String?, _ length: Int?) async throws {
        guard item.name == nil, options.takesServerNames, let suggestion else { return }
        let safe = DownloadName.safe(suggestion)
        guard safe != name else { return }
        batch.giveUp(name)
        name = batch.claim(safe)
        let name = name
        batch.update(index) { $0.name = name }
        // A server must not choose which file it overwrites: one that is there, and another one, gets company.
        replaces = false
        if let file = try await existing(length: length, isChosen: false) { throw ExistingFile(file: file) }
    }

    /// Compares the bytes with the checksum, and puts the file in its place.
    func finish() async throws -> DownloadedFile {
        guard let file else { throw CancellationError() }
        showProgress(.finishing)
        if let checksum = item.checksum { try await compare(file, checksum) }
        try Task.checkCancellation()
        let modified =
            options.keepsTimes
            ? validator.lastModified.flatMap { HTTPDate($0, now: HTTPDate(unixTime: Int64(time(nil)))) } : nil
        while true {
            let path = "\(batch.directory)/\(name)"
            let isThere = try await file.finish(
                at: path, length: plan.length, replacing: options.existing == .replace || replaces,
                modified: modified?.unixTime, syncing: options.syncs)
            if isThere {
                return DownloadedFile(
                    url: "\(url)", path: path, size: plan.length, received: received, wasThere: false,
                    checksum: item.checksum)
            }
            guard options.existing != .fail else {
                throw DownloadError(.exists, url: "\(url)", "\(path) is there already")
            }
            // The old name stays taken, by the file that is there.
            name = batch.claim(name)
        }
    }

    private func compare(_ file: PartialFile, _ checksum: Checksum) async throws {
        let sum: String
        if let digest, digest.count == plan.length {
            sum = digest.finish()
        } else {
            sum = try await file.sum(checksum.algorithm)
        }
        guard sum == checksum.hex else {
            throw DownloadError(
                .checksum, url: "\(url)",
                "its \(checksum.algorithm.rawValue) is \(sum), and should be \(checksum.hex): it was thrown away")
        }
    }

    /// What is told to whoever wants the file.
    func failure(_ error: any Error) -> DownloadError {
        let url = "\(url)"
        switch error {
        case let error as DownloadError: return error
        case let error as RefusedAnswer:
            let status = error.reason.isEmpty ? "\(error.status)" : "\(error.status) \(error.reason)"
            return DownloadError(.status, url: url, "the server answers with \(status)", status: error.status)
        case is CancellationError:
            return DownloadError(.cancelled, url: url, "it was cancelled; what is there is used the next time")
        case let error as HTTPClientError:
            let code: DownloadError.Code =
                switch error.code {
                case .addressRefused: .refused
                case .invalidURL: .invalidURL
                default: .network
                }
            return DownloadError(code, url: url, error.reason, cause: error)
        case let error as SystemError:
            let isFull = error.code == ENOSPC || error.code == EDQUOT || error.code == EFBIG
            return DownloadError(isFull ? .noSpace : .file, url: url, "\(error)", cause: error)
        default: return DownloadError(.file, url: url, "\(error)", cause: error)
        }
    }
}

/// The file turned out to be there already, under the name that the server gives.
struct ExistingFile: Error {
    let file: DownloadedFile
}
