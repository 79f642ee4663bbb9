// What must never be used again, though nothing that is live may name it any more. A generation begins with
// it: its other records say what is live, and would let numbers of what is gone be issued once more.

package import Storage

package struct WatermarkRecord: Hashable, Sendable {
    package var region: RegionID
    /// The greatest stamp seen.
    package var clock: HybridTimestamp
    /// The last place that was issued in the region's feed.
    package var feed: FeedPosition
    /// The greatest id of a chunk file that was ever named.
    package var lastChunkFile: UInt64

    package init(
        region: RegionID, clock: HybridTimestamp, feed: FeedPosition, lastChunkFile: UInt64
    ) {
        self.region = region
        self.clock = clock
        self.feed = feed
        self.lastChunkFile = lastChunkFile
    }

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 64)
        writer.number(1, region.value)
        writer.number(2, clock.rawValue)
        writer.pair(3, feed.incarnation, feed.number)
        writer.number(4, lastChunkFile)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> WatermarkRecord {
        var reader = FieldReader(body, of: "watermark record")
        var region: RegionID?
        var clock: HybridTimestamp?
        var feed: FeedPosition?
        var lastChunkFile: UInt64?
        while let field = try reader.next() {
            switch field.tag {
            case 1: region = try field.region()
            case 2: clock = HybridTimestamp(rawValue: try field.number())
            case 3: feed = try field.position()
            case 4: lastChunkFile = try field.number()
            default: try reader.passOver(field)
            }
        }
        guard let region, let clock, let feed, let lastChunkFile else {
            throw reader.missing("mark")
        }
        return WatermarkRecord(
            region: region, clock: clock, feed: feed, lastChunkFile: lastChunkFile)
    }
}
