// Random values of everything the wire carries, from a seed.

import NIOCore
import NativeWire
import Storage

/// SplitMix64 (Steele, Lea, Flood, 2014): small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct RandomValues {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func bool() -> Bool { .random(using: &generator) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }

    mutating func word() -> UInt64 { generator.next() }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    mutating func text(upTo count: Int = 40) -> String {
        let letters = Array("abcXYZ019 -_/:äß漢🐟\u{0}\n\"")
        return String((0..<number(0...count)).map { _ in letters[number(0...letters.count - 1)] })
    }

    mutating func maybeText() -> String? { bool() ? text() : nil }

    mutating func region() -> RegionID { RegionID(max(1, word())) }

    mutating func blob() throws -> BlobID { try require(BlobID(bytes: bytes(32))) }

    mutating func key() -> ObjectKey { ObjectKey(bytes: bytes(number(0...300))) }

    mutating func name() -> ObjectName {
        let buckets = [BucketName.system, "registry", "a.b-c", "x0123456789"]
        return ObjectName(bucket: buckets[number(0...3)], key: key())
    }

    mutating func position() -> FeedPosition {
        FeedPosition(incarnation: word(), number: word())
    }

    mutating func version() -> Version {
        Version(stamp: HybridTimestamp(rawValue: word()), region: region())
    }

    mutating func metadata() -> [MetadataField] {
        (0..<number(0...4)).map { _ in MetadataField(name: text(), value: text(upTo: 300)) }
    }

    mutating func checksum() throws -> ObjectChecksum {
        ObjectChecksum(
            algorithm: try require(ChecksumAlgorithm.allCases.randomElement(using: &generator)),
            kind: bool() ? .fullObject : .composite, bytes: bytes(number(0...32)))
    }

    mutating func content() throws -> ObjectContent {
        let parts = (0..<(bool() ? number(0...50) : 0)).map { _ in word() >> 22 }
        return ObjectContent(
            blob: try blob(), sizeBytes: parts.isEmpty ? word() >> 14 : parts.reduce(0, +),
            lastModifiedMilliseconds: .random(
                in: WireLimits.dateMilliseconds, using: &generator), etag: text(),
            headers: ContentHeaders(
                contentType: maybeText(), contentEncoding: maybeText(),
                contentLanguage: maybeText(), contentDisposition: maybeText(),
                cacheControl: maybeText(), expires: maybeText(), storageClass: maybeText()),
            checksum: bool() ? try checksum() : nil,
            partSizes: parts,
            userMetadata: metadata(), tags: metadata(), isSealed: bool(),
            writer: Writer(principal: text(), requestID: text()),
            quarantinedMilliseconds: bool()
                ? .random(in: WireLimits.dateMilliseconds, using: &generator) : nil)
    }

    mutating func entry() throws -> FeedEntry {
        let kinds: [ObjectVersion.Kind] = [.put(try content()), .tombstone, .purge(version())]
        let version = version()
        let older = Version(
            stamp: HybridTimestamp(rawValue: version.stamp.rawValue / 2), region: version.region)
        let ids: [VersionID] = [.unversioned, .null, .stamp(version), .stamp(older)]
        return FeedEntry(
            object: ObjectVersion(
                name: name(), version: version, position: bool() ? position() : nil,
                kind: kinds[number(0...2)], state: bool() ? .pending : .published,
                versionID: ids[number(0...3)],
                recordedMilliseconds: bool() ? Int64(number(0...1_000_000)) : nil),
            inlineBytes: bool() ? ByteBuffer(bytes: bytes(number(0...600))) : nil)
    }

    /// Ascending entries of one origin within their range.
    mutating func range() throws -> FeedRange {
        let origin = region()
        var number = UInt64(self.number(0...1000))
        let after = FeedPosition(incarnation: word(), number: number)
        var entries: [FeedEntry] = []
        for _ in 0..<self.number(0...6) {
            number += UInt64(self.number(1...5))
            var entry = try self.entry()
            let version = Version(stamp: entry.object.version.stamp, region: origin)
            entry.object.version = version
            if entry.object.versionID.stamp != nil { entry.object.versionID = .stamp(version) }
            entry.object.position = FeedPosition(incarnation: word(), number: number)
            entries.append(entry)
        }
        let through = FeedPosition(incarnation: word(), number: number + UInt64(self.number(0...3)))
        let head =
            bool()
            ? through
            : FeedPosition(
                incarnation: word(), number: through.number + UInt64(self.number(0...3)))
        return FeedRange(
            origin: origin, after: after, through: through, head: head, entries: entries)
    }

    mutating func array<Element>(
        _ count: ClosedRange<Int>, _ element: (inout RandomValues) throws -> Element
    ) rethrows -> [Element] {
        var result: [Element] = []
        for _ in 0..<number(count) { result.append(try element(&self)) }
        return result
    }
}

struct MissingValue: Error {}

func require<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw MissingValue() }
    return value
}
