/// What is posted to `/echo-json`; Benchmarks/http makes one of 1 KiB.
struct Order: Decodable {
    struct Item: Decodable {
        let id: Int
        let name: String
        let tags: [String]
        let price: Double
        let inStock: Bool
    }

    let customer: String
    let items: [Item]
}

/// What is answered to it.
struct Receipt: Encodable {
    let customer: String
    let items: Int
    let total: Double

    init(for order: Order) {
        customer = order.customer
        items = order.items.count
        total = order.items.reduce(0) { $0 + ($1.inStock ? $1.price : 0) }
    }
}
