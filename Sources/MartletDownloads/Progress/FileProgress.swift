/// How far one file is.
public nonisolated struct FileProgress: Sendable {
    /// What is being done with a file.
    public enum State: String, Hashable, Sendable {
        /// Others are fetched first.
        case waiting
        /// The server is asked.
        case asking
        /// Bytes come.
        case receiving
        /// It failed, and is tried again after a while.
        case retrying
        /// It is compared with its checksum, and put in its place.
        case finishing
        /// It is there.
        case done
        /// It was there before.
        case wasThere = "was-there"
        /// It failed.
        case failed
        /// It was cancelled.
        case cancelled
    }

    /// The URL, without user and password.
    public let url: String
    /// Its name, as soon as that is known.
    public internal(set) var name: String?
    /// What is being done.
    public internal(set) var state = State.waiting
    /// How many bytes are there.
    public internal(set) var bytes = 0
    /// How many there will be, as soon as that is known.
    public internal(set) var total: Int?
    /// Bytes a second, over the last seconds.
    public internal(set) var rate = 0.0
    /// How many requests fetch it.
    public internal(set) var requests = 0
    /// How often it has failed so far.
    public internal(set) var failures = 0
    /// What is, or was, in its way.
    public internal(set) var error: DownloadError?

    init(url: String, name: String?) {
        self.url = url
        self.name = name
    }

    /// Whether nothing more happens.
    public var isFinished: Bool {
        switch state {
        case .done, .wasThere, .failed, .cancelled: true
        case .waiting, .asking, .receiving, .retrying, .finishing: false
        }
    }

    mutating func end(_ outcome: Result<DownloadedFile, DownloadError>) {
        rate = 0
        requests = 0
        switch outcome {
        case .success(let file):
            state = file.wasThere ? .wasThere : .done
            name = String(
                file.path[(file.path.lastIndex(of: "/").map { file.path.index(after: $0) } ?? file.path.startIndex)...])
            bytes = file.size
            total = file.size
            error = nil
        case .failure(let error):
            state = error.code == .cancelled ? .cancelled : .failed
            self.error = error
        }
    }
}
