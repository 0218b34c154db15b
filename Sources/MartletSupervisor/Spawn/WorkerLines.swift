import Glibc
import MartletLoop

/// What connects the supervisor with a worker that is about to start, with the ends that the worker gets.
struct WorkerLines {
    let channel: WorkerChannel
    let bus: BusConnection
    let theirChannel: Int32
    let theirBus: Int32

    init() throws(SystemError) {
        let (ourChannel, theirChannel) = try WorkerChannel.pair()
        var opened = [ourChannel, theirChannel]
        var channel: WorkerChannel?
        do throws(SystemError) {
            let (ourBus, theirBus) = try BusConnection.pair()
            opened += [ourBus, theirBus]
            let newChannel = try WorkerChannel(ourChannel)
            channel = newChannel
            bus = try BusConnection(ourBus, accepting: [.message])
            self.channel = newChannel
            self.theirChannel = theirChannel
            self.theirBus = theirBus
        } catch {
            channel?.close()
            for descriptor in opened where channel == nil || descriptor != ourChannel { close(descriptor) }
            throw error
        }
    }

    /// Closes the supervisor's ends, when no worker has come of it.
    func closeOurs() {
        channel.close()
        bus.close()
    }

    /// Closes the supervisor's copies of the worker's ends.
    func closeTheirs() {
        close(theirChannel)
        close(theirBus)
    }
}
