// Asking for what is new behind cursors, and the ranges that answer it.

package import NIOCore
package import Storage

/// The request of `POST feed`.
package struct FeedRequest: WireDocument, Hashable {
    package var cursors: [RegionID: FeedPosition]
    /// The last place of each feed of which anything is known.
    package var seen: [RegionID: FeedPosition]
    /// How long the answer may be held back while nothing is new.
    package var waitMilliseconds: UInt32

    package init(
        cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition] = [:],
        waitMilliseconds: UInt32
    ) {
        self.cursors = cursors
        self.seen = seen
        self.waitMilliseconds = waitMilliseconds
    }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        document.frame(.feedRequest) { fields in
            fields.integer(1, waitMilliseconds)
            fields.cursors(2, cursors)
            fields.cursors(3, seen)
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var fields = FieldReader(try document.frame(.feedRequest).fields, repeated: [2, 3])
        try document.finish()
        var wait: UInt32?
        var cursors: [RegionID: FeedPosition] = [:]
        var seen: [RegionID: FeedPosition] = [:]
        while let field = try fields.next() {
            switch field.tag {
            case 1: wait = try field.integer()
            case 2: try field.cursor(into: &cursors)
            case 3: try field.cursor(into: &seen)
            default: try field.skip()
            }
        }
        self.init(
            cursors: cursors, seen: seen, waitMilliseconds: try required(wait, "the wait"))
    }
}

extension FieldWriter {
    mutating func cursors(_ tag: UInt8, _ cursors: [RegionID: FeedPosition]) {
        for (origin, position) in cursors.sorted(by: { $0.key < $1.key }) {
            message(tag) { cursor in
                cursor.integer(1, origin.value)
                cursor.integer(2, position.incarnation)
                cursor.integer(3, position.number)
            }
        }
    }
}

extension Field {
    /// Of a repeated field: one origin's.
    func cursor(into cursors: inout [RegionID: FeedPosition]) throws(WireError) {
        let (origin, position) = try cursor()
        guard cursors.updateValue(position, forKey: origin) == nil else {
            throw WireError(.invalidValue, "two cursors of \(origin)")
        }
        guard cursors.count <= WireLimits.cursorsPerRequest else {
            throw WireError(.limitExceeded, "more than \(cursors.count - 1) cursors")
        }
    }

    private func cursor() throws(WireError) -> (RegionID, FeedPosition) {
        var fields = FieldReader(value)
        var origin: RegionID?
        var incarnation: UInt64?
        var number: UInt64?
        while let field = try fields.next() {
            switch field.tag {
            case 1: origin = try field.region()
            case 2: incarnation = try field.integer()
            case 3: number = try field.integer()
            default: try field.skip()
            }
        }
        let position = FeedPosition(
            incarnation: try required(incarnation, "the incarnation of a cursor"),
            number: try required(number, "the number of a cursor"))
        return (try required(origin, "the origin of a cursor"), position)
    }
}

/// The answer of `POST feed`. Empty: the wait passed without news.
package struct FeedAnswer: WireDocument, Hashable {
    package var ranges: [FeedRange]

    package init(ranges: [FeedRange]) { self.ranges = ranges }

    package func encode() -> ByteBuffer {
        var document = DocumentWriter()
        for range in ranges {
            document.frame(.range) { fields in
                fields.integer(1, range.origin.value)
                fields.position(2, range.after)
                fields.position(3, range.through)
                fields.integer(4, UInt32(range.entries.count))
                if range.head != range.through { fields.position(5, range.head) }
            }
            for entry in range.entries { document.frame(.entry) { $0.entry(entry) } }
        }
        return document.finish()
    }

    package init(decoding bytes: ByteBuffer) throws(WireError) {
        var document = DocumentReader(bytes)
        var ranges: [FeedRange] = []
        while let frame = try document.next() {
            try frame.expect(.range)
            var (range, count) = try Self.range(frame)
            guard ranges.count < WireLimits.rangesPerAnswer,
                count <= WireLimits.entriesPerAnswer
            else { throw WireError(.limitExceeded, "too many ranges, or entries in a range") }
            for _ in 0..<count {
                range.entries.append(
                    try FeedEntry(message: document.frame(.entry).fields))
            }
            try Self.check(range)
            ranges.append(range)
        }
        self.init(ranges: ranges)
    }

    private static func range(_ frame: Frame) throws(WireError) -> (FeedRange, count: UInt32) {
        var fields = FieldReader(frame.fields)
        var origin: RegionID?
        var after: FeedPosition?
        var through: FeedPosition?
        var head: FeedPosition?
        var count: UInt32?
        while let field = try fields.next() {
            switch field.tag {
            case 1: origin = try field.region()
            case 2: after = try field.position()
            case 3: through = try field.position()
            case 4: count = try field.integer()
            case 5: head = try field.position()
            default: try field.skip()
            }
        }
        let range = FeedRange(
            origin: try required(origin, "the origin of a range"),
            after: try required(after, "the start of a range"),
            through: try required(through, "the end of a range"), head: head, entries: [])
        return (range, try required(count, "the number of entries of a range"))
    }

    /// Entries ascend, lie within their range, and are the origin's own.
    private static func check(_ range: FeedRange) throws(WireError) {
        guard range.after.number <= range.through.number,
            range.through.number <= range.head.number
        else { throw WireError(.invalidValue, "a range that ends before it begins") }
        var last = range.after
        for entry in range.entries {
            guard let position = entry.object.position, last.precedes(position),
                position.number <= range.through.number,
                entry.object.version.region == range.origin
            else {
                throw WireError(.invalidValue, "an entry that does not belong in its range")
            }
            last = position
        }
    }
}
