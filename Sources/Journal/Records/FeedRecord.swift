// What the journal says of feeds: where this region's incarnations begin, how far other feeds are known,
// and what other regions confirmed.

package import Storage

/// A start of the daemon. Positions with a number from `firstNumber` on carry this incarnation.
package struct IncarnationRecord: Hashable, Sendable {
    package var region: RegionID
    package var incarnation: UInt64
    package var firstNumber: UInt64

    package init(region: RegionID, incarnation: UInt64, firstNumber: UInt64) {
        self.region = region
        self.incarnation = incarnation
        self.firstNumber = firstNumber
    }

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 48)
        writer.number(1, region.value)
        writer.number(2, incarnation)
        writer.number(3, firstNumber)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> IncarnationRecord {
        var reader = FieldReader(body, of: "incarnation record")
        var region: RegionID?
        var incarnation: UInt64?
        var firstNumber: UInt64?
        while let field = try reader.next() {
            switch field.tag {
            case 1: region = try field.region()
            case 2: incarnation = try field.number()
            case 3: firstNumber = try field.number()
            default: try reader.passOver(field)
            }
        }
        guard let region, let incarnation, let firstNumber else { throw reader.missing("number") }
        return IncarnationRecord(
            region: region, incarnation: incarnation, firstNumber: firstNumber)
    }
}

/// How far an origin's feed is known here: all of it through `position`, and something, or that there is
/// something, through `seen`.
package struct CursorRecord: Hashable, Sendable {
    package var origin: RegionID
    package var position: FeedPosition
    package var seen: FeedPosition

    package init(origin: RegionID, position: FeedPosition, seen: FeedPosition) {
        self.origin = origin
        self.position = position
        self.seen = seen
    }

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 48)
        writer.number(1, origin.value)
        writer.pair(2, position.incarnation, position.number)
        if seen != position { writer.pair(3, seen.incarnation, seen.number, .ignorable) }
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> CursorRecord {
        var reader = FieldReader(body, of: "cursor record")
        var origin: RegionID?
        var position: FeedPosition?
        var seen: FeedPosition?
        while let field = try reader.next() {
            switch field.tag {
            case 1: origin = try field.region()
            case 2: position = try field.position()
            case 3: seen = try field.position()
            default: try reader.passOver(field)
            }
        }
        guard let origin, let position else { throw reader.missing("origin or position") }
        return CursorRecord(origin: origin, position: position, seen: seen ?? position)
    }
}

/// Another region confirmed that it holds a version, or through which position of a feed it is complete.
package struct ReceiptRecord: Hashable, Sendable {
    package var region: RegionID
    package var origin: RegionID
    package var through: FeedPosition
    package var atMilliseconds: Int64

    package init(
        region: RegionID, origin: RegionID, through: FeedPosition, atMilliseconds: Int64
    ) {
        self.region = region
        self.origin = origin
        self.through = through
        self.atMilliseconds = atMilliseconds
    }

    /// Ends what the region confirmed of the origin's feed: the start of it, at no time.
    package static func forgotten(region: RegionID, origin: RegionID) -> ReceiptRecord {
        ReceiptRecord(region: region, origin: origin, through: .start, atMilliseconds: 0)
    }

    package var isForgotten: Bool { through == .start && atMilliseconds == 0 }

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 64)
        writer.number(1, region.value)
        writer.number(2, origin.value)
        writer.pair(3, through.incarnation, through.number)
        writer.number(4, UInt64(bitPattern: atMilliseconds), .ignorable)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> ReceiptRecord {
        var reader = FieldReader(body, of: "receipt record")
        var region: RegionID?
        var origin: RegionID?
        var through: FeedPosition?
        var at: Int64 = 0
        while let field = try reader.next() {
            switch field.tag {
            case 1: region = try field.region()
            case 2: origin = try field.region()
            case 3: through = try field.position()
            case 4: at = Int64(bitPattern: try field.number())
            default: try reader.passOver(field)
            }
        }
        guard let region, let origin, let through else { throw reader.missing("field") }
        return ReceiptRecord(
            region: region, origin: origin, through: through, atMilliseconds: at)
    }
}
