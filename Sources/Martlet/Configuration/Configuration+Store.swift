import MartletStoreService

nonisolated extension Configuration.Route {
    /// What the routes of a store do; `nil` when this is none.
    public var storeSettings: StoreServiceSettings? {
        guard let store else { return nil }
        var settings = StoreServiceSettings(url: store)
        settings.valueSize = Int(valueSize.bytes)
        settings.keySize = Int(keySize.bytes)
        settings.totalSize = Int(storeSize.bytes)
        settings.isDurable = isDurable
        settings.isJSON = values == .json
        settings.requiresConditions = requiresConditions
        settings.timeToLive = timeToLive?.duration
        settings.watchers = watchers
        return settings
    }
}
