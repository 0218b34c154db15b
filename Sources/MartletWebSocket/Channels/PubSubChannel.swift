import MartletServer
import MartletWebSocketCodec

/// A channel by its name: what is published on it reaches all who subscribe to it, on whichever worker they are.
///
/// A handle that costs nothing to make and nothing to keep; ``Channels`` gives it.
public struct PubSubChannel {
    /// The name.
    public let name: String
    let channels: Channels

    /// Whether the name has 1 to 255 bytes, so that it can name a channel.
    public var isValid: Bool { Channels.isValid(name) }

    /// How many subscribe to it on this worker.
    public var subscriberCount: Int { channels.subscriberCount(of: name) }

    // MARK: Sockets

    /// Sends a socket what is published from now on, until it ends or ``unsubscribe(_:)`` is called.
    ///
    /// A socket that reads too slowly, or that sends a message in pieces, misses messages, as
    /// ``WebSocketSettings/backpressure`` says: with `.wait` and `.drop` they are dropped and counted, with `.close` it
    /// is closed with 1008. One whose messages refer to those before them (context takeover) gets messages that do not,
    /// which are compressed once for all; its own messages then begin anew, too.
    ///
    /// - Parameters:
    ///   - socket: which may be subscribed already.
    ///   - member: as whom it is present; it takes the place of the one that the socket was present as before. Without
    ///     one it is not seen.
    /// - Returns: whether it is subscribed: the socket is open and the name is valid.
    @discardableResult
    public func subscribe(_ socket: WebSocket, as member: PresenceMember? = nil) -> Bool {
        channels.subscribe(socket, to: name, as: member)
    }

    /// Sends a socket no more: also nothing of what was published before and has not been sent yet.
    public func unsubscribe(_ socket: WebSocket) {
        channels.unsubscribe(socket, from: name)
    }

    // MARK: Code

    /// Gives what is published from now on to code that is no socket.
    ///
    /// - Parameters:
    ///   - limit: how many messages may wait to be read, 1 at least.
    ///   - overflow: what is done with more than that.
    public func subscribe(
        limit: Int = 256, overflow: ChannelOverflow = .dropOldest
    ) -> ChannelSubscription<WebSocketMessage> {
        ChannelSubscription(channels.subscribe(to: name, limit: limit, overflow: overflow))
    }

    // MARK: Publishing

    /// Publishes a message: it leaves when the loop turns.
    ///
    /// What one worker publishes on a channel arrives everywhere in its order; between what several workers publish
    /// there is none. Of a message to other workers nothing is known: one whose queue is full misses it.
    ///
    /// - Parameters:
    ///   - message: at most 1 MiB less 257 bytes.
    ///   - except: a socket of this worker that does not get it, such as the one that it came from.
    /// - Returns: `false` when it was dropped, and counted, at least on the way to some: it is too long, the name is
    ///   not valid, ``Channels/backlogLimit`` is reached, or the way to the other workers is full.
    @discardableResult
    public func publish(_ message: WebSocketMessage, except: WebSocket? = nil) -> Bool {
        switch message {
        case .text(let text): publish(text, except: except)
        case .binary(let bytes): publish(bytes, except: except)
        }
    }

    /// Publishes a text: see ``publish(_:except:)-(WebSocketMessage,_)``.
    @discardableResult
    public func publish(_ text: String, except: WebSocket? = nil) -> Bool {
        var text = text
        return text.withUTF8 {
            publish(WebSocketMessageView(kind: .text, bytes: UnsafeRawBufferPointer($0)), except: except)
        }
    }

    /// Publishes bytes: see ``publish(_:except:)-(WebSocketMessage,_)``.
    @discardableResult
    public func publish(_ bytes: [UInt8], except: WebSocket? = nil) -> Bool {
        bytes.withUnsafeBytes { publish(WebSocketMessageView(kind: .binary, bytes: $0), except: except) }
    }

    /// Publishes a message that lies somewhere, such as one that has just come: see
    /// ``publish(_:except:)-(WebSocketMessage,_)``.
    @discardableResult
    public func publish(_ message: WebSocketMessageView, except: WebSocket? = nil) -> Bool {
        channels.publish(message, on: name, except: except)
    }

    // MARK: Presence

    /// Who is present, on all workers, in no order. What other workers say arrives a little later.
    ///
    /// Who is present with several sockets is one member, and what was said last of them is to be known.
    public var members: [PresenceMember] { channels.presence.members(of: name) }

    /// Gives what becomes of the members from now on. Ask for ``members`` right after, in the same turn of the loop,
    /// and nothing is missed and nothing comes twice.
    ///
    /// - Parameters:
    ///   - limit: how many changes may wait to be read, 1 at least.
    ///   - overflow: what is done with more than that. Whoever misses one has to ask for ``members`` again.
    public func presenceChanges(
        limit: Int = 1024, overflow: ChannelOverflow = .fail
    ) -> ChannelSubscription<PresenceChange> {
        ChannelSubscription(channels.presence.subscribe(to: name, limit: limit, overflow: overflow))
    }
}
