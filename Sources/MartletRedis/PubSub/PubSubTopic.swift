/// Something that can be subscribed to.
nonisolated struct PubSubTopic: Hashable, Sendable {
    let kind: PubSubReply.Kind
    let name: [UInt8]
}

nonisolated extension PubSubReply.Kind {
    /// The command that subscribes to one of the kind.
    var subscribeWord: String {
        switch self {
        case .channel: "SUBSCRIBE"
        case .pattern: "PSUBSCRIBE"
        case .shard: "SSUBSCRIBE"
        }
    }

    /// The command that ends that.
    var unsubscribeWord: String {
        switch self {
        case .channel: "UNSUBSCRIBE"
        case .pattern: "PUNSUBSCRIBE"
        case .shard: "SUNSUBSCRIBE"
        }
    }
}
