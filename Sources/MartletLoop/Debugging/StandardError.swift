import Glibc

/// Writes the text and a line's end, whole, whatever the descriptor's mode.
nonisolated func writeToStandardError(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    var start = 0
    while start < bytes.count {
        let count = write(STDERR_FILENO, Array(bytes[start...]), bytes.count - start)
        if count > 0 {
            start += count
        } else if errno == EAGAIN {
            var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, 1000)
        } else if errno != EINTR {
            return
        }
    }
}
