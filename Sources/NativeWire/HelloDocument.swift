// What regions tell each other first.

package import NIOCore
package import Storage

/// The document of `POST handshake`, request and answer alike.
package struct HelloDocument: WireDocument, Hashable {
    package var protocolVersions: ClosedRange<Int>
    package var region: RegionID
    package var name: String
    package var incarnation: UInt64
    package var features: UInt64
    package var clockMilliseconds: Int64
    /// How far each feed is known there, durably.
    package var cursors: [RegionID: FeedPosition]
    /// The last place of each feed of which anything is known there.
    package var seen: [RegionID: FeedPosition]

    package init(
        protocolVersions: ClosedRange<Int>, region: RegionID, name: String, incarnation: UInt64,
        features: UInt64, clockMilliseconds: Int64, cursors: [RegionID: FeedPosition] = [:],
        seen: [RegionID: FeedPosition] = [:]
    ) {
        self.protocolVersions = protocolVersions
        self.region = region
        self.name = name
        self.incarnation = incarnation
        self.features = features
        self.clockMilliseconds = clockMilliseconds
        self.cursors = cursors
        self.seen = seen
    }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.hello) { fields in
            fields.integer(1, UInt16(clamping: protocolVersions.lowerBound))
            fields.integer(2, UInt16(clamping: protocolVersions.upperBound))
            fields.integer(3, region.value)
            fields.text(4, name)
            fields.integer(5, incarnation)
            fields.integer(6, features)
            fields.integer(7, clockMilliseconds)
            fields.cursors(8, cursors)
            fields.cursors(9, seen)
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.hello).fields, repeated: [8, 9])
        try document.finish()
        var versions: (lowest: UInt16, highest: UInt16) = (0, 0)
        var region: RegionID?
        var name: String?
        var numbers: (incarnation: UInt64?, features: UInt64?, clock: Int64?) = (nil, nil, nil)
        var cursors: [RegionID: FeedPosition] = [:]
        var seen: [RegionID: FeedPosition] = [:]
        while let field = try fields.next() {
            switch field.tag {
            case 1: versions.lowest = try field.integer()
            case 2: versions.highest = try field.integer()
            case 3: region = try field.region()
            case 4: name = try field.text(limitBytes: WireLimits.nameBytes)
            case 5: numbers.incarnation = try field.integer()
            case 6: numbers.features = try field.integer()
            case 7: numbers.clock = try field.integer()
            case 8: try field.cursor(into: &cursors)
            case 9: try field.cursor(into: &seen)
            default: try field.skip()
            }
        }
        guard versions.lowest >= 1, versions.lowest <= versions.highest else {
            throw WireError(.invalidValue, "no range of protocol versions")
        }
        self.init(
            protocolVersions: Int(versions.lowest)...Int(versions.highest),
            region: try required(region, "the region"), name: try required(name, "the name"),
            incarnation: try required(numbers.incarnation, "the incarnation"),
            features: try required(numbers.features, "the features"),
            clockMilliseconds: try required(numbers.clock, "the clock"), cursors: cursors,
            seen: seen)
    }
}
