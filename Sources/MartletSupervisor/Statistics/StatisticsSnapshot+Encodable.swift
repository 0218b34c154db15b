/// A figure's name as a key of an encoded object.
private nonisolated struct FigureKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension StatisticsValues: Encodable {
    /// One flat object: names of the catalogue to numbers, without those that only the service has.
    public nonisolated func encode(to encoder: any Encoder) throws {
        try encode(figures, to: encoder)
    }

    fileprivate nonisolated func encode(
        _ figures: [(field: StatisticsField, value: UInt64)], to encoder: any Encoder
    ) throws {
        var container = encoder.container(keyedBy: FigureKey.self)
        for (field, value) in figures { try container.encode(value, forKey: FigureKey(stringValue: field.name)) }
    }
}

extension StatisticsSnapshot.Slot: Encodable {
    /// The slot's figures and its number, as `slot`.
    public nonisolated func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FigureKey.self)
        try container.encode(slot, forKey: FigureKey(stringValue: "slot"))
        try values.encode(to: encoder)
    }
}

extension StatisticsSnapshot: Encodable {
    private nonisolated struct Total: Encodable {
        let values: StatisticsValues

        func encode(to encoder: any Encoder) throws {
            try values.encode(values.serviceFigures + values.figures, to: encoder)
        }
    }

    /// `{"total": {…}, "slots": [{"slot": 0, …}, …], "certificates": […], "metrics": [{"name": "jobs", …}, …]}`
    public nonisolated func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FigureKey.self)
        try container.encode(Total(values: total), forKey: FigureKey(stringValue: "total"))
        try container.encode(slots, forKey: FigureKey(stringValue: "slots"))
        try container.encode(certificates, forKey: FigureKey(stringValue: "certificates"))
        try container.encode(metrics, forKey: FigureKey(stringValue: "metrics"))
    }
}
