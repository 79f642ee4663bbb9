// The keys of the index: one space for each kind of entry, named by its first byte, each in the order in
// which it is read. Numbers are big-endian, so that they sort. Bucket names have no zero byte, so one
// ends them; keys of objects may have any byte and are escaped wherever something follows them.
//
//   h                                            the head: replay point, feed, clock, tallies
//   o bucket 0 key                               what a name shows: always a put. Lists read only this
//                                                space, so they never meet a tombstone
//   r bucket 0 key                               the register of a name that holds anything else
//                                                (tombstones, pending, history, purges, kept versions)
//   l bucket 0 escaped key, ~order               a version that a list of versions names beside the one that
//                                                shows, newest first. One that has an id of its own and is
//                                                not the latest of its name is here alone, so that a register
//                                                does not grow with what is kept
//   w bucket 0 escaped key, version              a pending version
//   x end, bucket 0 escaped key, version         a version that is history, by when it ends
//   k bucket                                     tally of a bucket: objects shown, their bytes
//   b blob                                       blob record
//   d blob                                       what of a blob is damaged here
//   f blob, 0, bucket 0 escaped key, version     an object version that names the blob; 1: its content is
//                                                sealed
//   f blob, 1, upload, 0, number                 a part that names the blob
//   m file, offset                               where a chunk that was moved is now
//   u bucket 0 escaped key, initiated, upload    upload session, in the order of lists
//   v upload                                     the same by id
//   p upload, 0, number                          part
//   e upload                                     how an upload ended
//   n origin, number, incarnation                feed entry: the version it was issued for
//   i region, first number, incarnation          where an incarnation begins
//   c origin                                     how far its feed is known
//   s region, origin                             what a region confirmed of an origin's feed
//
// The values are the records of the journal, encoded as there, and the small ones of `IndexValues`.

package import Storage

package enum KeySchema {
    /// The first bytes of keys.
    package enum Space {
        package static let bucketTally = UInt8(ascii: "k")
        package static let blob = UInt8(ascii: "b")
        package static let cursor = UInt8(ascii: "c")
        package static let damage = UInt8(ascii: "d")
        package static let ended = UInt8(ascii: "e")
        package static let feed = UInt8(ascii: "n")
        package static let head = UInt8(ascii: "h")
        package static let history = UInt8(ascii: "x")
        package static let incarnation = UInt8(ascii: "i")
        package static let listed = UInt8(ascii: "l")
        package static let moved = UInt8(ascii: "m")
        package static let part = UInt8(ascii: "p")
        package static let pending = UInt8(ascii: "w")
        package static let receipt = UInt8(ascii: "s")
        package static let referrer = UInt8(ascii: "f")
        package static let register = UInt8(ascii: "r")
        package static let shown = UInt8(ascii: "o")
        package static let upload = UInt8(ascii: "u")
        package static let uploadByID = UInt8(ascii: "v")
    }

    package static let head: Bytes = [Space.head]

    // MARK: Names

    package static func shown(_ name: ObjectName) -> Bytes { key(Space.shown, name) }

    package static func shown(in bucket: String) -> KeyRange { named(Space.shown, bucket) }

    package static func register(_ name: ObjectName) -> Bytes { key(Space.register, name) }

    package static func registers(in bucket: String) -> KeyRange { named(Space.register, bucket) }

    package static let allRegisters = KeyRange(prefix: [Space.register])

    package static func pending(_ name: ObjectName, _ version: Version) -> Bytes {
        escaped(Space.pending, name) + bytes(version)
    }

    package static let allPending = KeyRange(prefix: [Space.pending])

    package static func listed(_ name: ObjectName, _ order: Version) -> Bytes {
        escaped(Space.listed, name) + bytes(~order.stamp.rawValue) + bytes(~order.region.value)
    }

    /// The listed versions of one name.
    package static func listed(of name: ObjectName) -> KeyRange {
        KeyRange(prefix: escaped(Space.listed, name))
    }

    /// Where the listed versions of the name begin that a key of `listed` is about; `nil` for any other key.
    package static func startOfListed(of key: Bytes) -> Bytes? {
        key.first == Space.listed ? Array(key.dropLast(16)) : nil
    }

    /// The listed versions of keys that begin with `prefix`.
    package static func listed(in bucket: String, prefix: ObjectKey) -> KeyRange {
        KeyRange(prefix: [Space.listed] + bucket.utf8 + [0] + escape(prefix.bytes))
    }

    /// The key of the object that a key of `listed` is about.
    package static func objectKey(ofListed key: Bytes, in bucket: String) -> ObjectKey {
        ObjectKey(bytes: unescape(key.dropFirst(bucket.utf8.count + 2).dropLast(18)))
    }

    package static func history(
        until milliseconds: Int64, _ name: ObjectName, _ version: Version
    ) -> Bytes {
        escaped([Space.history] + bytes(UInt64(clamping: milliseconds)), name) + bytes(version)
    }

    package static let allHistory = KeyRange(prefix: [Space.history])

    /// The end that a key of `history` names.
    package static func end(ofHistory key: Bytes) -> Int64 { Int64(clamping: number(key, at: 1)) }

    package static func bucketTally(_ bucket: String) -> Bytes {
        [Space.bucketTally] + bucket.utf8
    }

    package static let allBucketTallies = KeyRange(prefix: [Space.bucketTally])

    /// The key of the object that a key of `shown` or `register` names.
    package static func objectKey(of key: Bytes, in bucket: String) -> ObjectKey {
        ObjectKey(bytes: Array(key.dropFirst(bucket.utf8.count + 2)))
    }

    // MARK: Blobs

    package static func blob(_ blob: BlobID) -> Bytes { key(Space.blob, blob) }

    package static let allBlobs = KeyRange(prefix: [Space.blob])

    package static func damage(_ blob: BlobID) -> Bytes { key(Space.damage, blob) }

    package static let allDamage = KeyRange(prefix: [Space.damage])

    package static func referrer(
        of blob: BlobID, _ name: ObjectName, _ version: Version
    ) -> Bytes {
        escaped([Space.referrer] + blob.bytes + [0], name) + bytes(version)
    }

    package static func referrer(
        of blob: BlobID, _ upload: UploadID, part number: Int
    ) -> Bytes {
        [Space.referrer] + blob.bytes + [1] + upload.text.utf8 + [0] + bytes(UInt32(number))
    }

    package static func referrers(of blob: BlobID) -> KeyRange {
        KeyRange(prefix: key(Space.referrer, blob))
    }

    /// Object versions of the bucket that name the blob.
    package static func referrers(of blob: BlobID, in bucket: String) -> KeyRange {
        KeyRange(prefix: [Space.referrer] + blob.bytes + [0] + bucket.utf8 + [0])
    }

    /// The key of the object that a key within `referrers(of:in:)` is about.
    package static func objectKey(ofReferrer key: Bytes, in bucket: String) -> ObjectKey {
        let start = 1 + BlobID.byteCount + 1 + bucket.utf8.count + 1
        // Behind it stand two bytes that end it, and a version.
        return ObjectKey(bytes: unescape(key[start..<key.count - 18]))
    }

    package static let allReferrers = KeyRange(prefix: [Space.referrer])

    /// The blob that a key of `referrer` is about; `nil` for any other key.
    package static func blob(ofReferrer key: Bytes) -> BlobID? {
        guard key.first == Space.referrer else { return nil }
        return BlobID(bytes: key[1...].prefix(BlobID.byteCount))
    }

    /// The blob that a key of `blob` names; `nil` for any other key.
    package static func blob(ofBlob key: Bytes) -> BlobID? {
        key.first == Space.blob ? BlobID(bytes: key.dropFirst()) : nil
    }

    package static func movedChunk(file: UInt64, offsetBytes: UInt64) -> Bytes {
        [Space.moved] + bytes(file) + bytes(offsetBytes)
    }

    package static let allMovedChunks = KeyRange(prefix: [Space.moved])

    /// The file and the offset that a key of `movedChunk` names.
    package static func movedChunk(of key: Bytes) -> (file: UInt64, offsetBytes: UInt64) {
        (number(key, at: 1), number(key, at: 9))
    }

    package static func movedChunks(of file: UInt64) -> KeyRange {
        KeyRange(prefix: [Space.moved] + bytes(file))
    }

    /// Where the chunk was born that a key of `movedChunk` names.
    package static func birthplace(of key: Bytes) -> (file: UInt64, offsetBytes: UInt64) {
        (number(key, at: 1), number(key, at: 9))
    }

    // MARK: Uploads

    package static func upload(_ upload: Upload) -> Bytes {
        escaped(Space.upload, upload.name) + bytes(UInt64(bitPattern: upload.initiatedMilliseconds))
            + upload.id.text.utf8
    }

    /// Uploads of keys that begin with `prefix`.
    package static func uploads(in bucket: String, prefix: ObjectKey) -> KeyRange {
        KeyRange(prefix: [Space.upload] + bucket.utf8 + [0] + escape(prefix.bytes))
    }

    /// Behind every upload of `key`.
    package static func endOfUploads(of name: ObjectName) -> Bytes {
        KeyRange(prefix: escaped(Space.upload, name)).to
    }

    /// Where uploads of keys from `key` on begin.
    package static func startOfUploads(of name: ObjectName) -> Bytes {
        escaped(Space.upload, name)
    }

    package static func upload(_ id: UploadID) -> Bytes { [Space.uploadByID] + id.text.utf8 }

    package static func part(_ upload: UploadID, _ number: Int) -> Bytes {
        [Space.part] + upload.text.utf8 + [0] + bytes(UInt32(number))
    }

    /// The number that a key of `part` names.
    package static func partNumber(of key: Bytes) -> Int {
        key.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    package static func parts(of upload: UploadID) -> KeyRange {
        KeyRange(prefix: [Space.part] + upload.text.utf8 + [0])
    }

    package static let allParts = KeyRange(prefix: [Space.part])

    package static let allUploads = KeyRange(prefix: [Space.uploadByID])

    package static func ended(_ id: UploadID) -> Bytes { [Space.ended] + id.text.utf8 }

    package static let allEnded = KeyRange(prefix: [Space.ended])

    // MARK: Feeds

    package static func feed(_ origin: RegionID, _ position: FeedPosition) -> Bytes {
        [Space.feed] + bytes(origin.value) + bytes(position.number) + bytes(position.incarnation)
    }

    package static func feed(of origin: RegionID) -> KeyRange {
        KeyRange(prefix: [Space.feed] + bytes(origin.value))
    }

    package static func incarnation(
        _ region: RegionID, firstNumber: UInt64, _ incarnation: UInt64
    ) -> Bytes {
        [Space.incarnation] + bytes(region.value) + bytes(firstNumber) + bytes(incarnation)
    }

    package static func incarnations(of region: RegionID) -> KeyRange {
        KeyRange(prefix: [Space.incarnation] + bytes(region.value))
    }

    /// The incarnation that a key of `incarnation` names.
    package static func incarnation(of key: Bytes) -> UInt64 { number(key, at: 17) }

    package static func region(ofIncarnation key: Bytes) -> RegionID {
        RegionID(number(key, at: 1))
    }

    package static func firstNumber(ofIncarnation key: Bytes) -> UInt64 { number(key, at: 9) }

    package static func cursor(_ origin: RegionID) -> Bytes {
        [Space.cursor] + bytes(origin.value)
    }

    package static let allCursors = KeyRange(prefix: [Space.cursor])

    /// The origin that a key of `cursor` names.
    package static func origin(ofCursor key: Bytes) -> RegionID { RegionID(number(key, at: 1)) }

    package static func receipt(_ region: RegionID, of origin: RegionID) -> Bytes {
        [Space.receipt] + bytes(region.value) + bytes(origin.value)
    }

    package static func receipts(of region: RegionID) -> KeyRange {
        KeyRange(prefix: [Space.receipt] + bytes(region.value))
    }

    package static let allReceipts = KeyRange(prefix: [Space.receipt])

    package static func region(ofReceipt key: Bytes) -> RegionID { RegionID(number(key, at: 1)) }

    package static func origin(ofReceipt key: Bytes) -> RegionID { RegionID(number(key, at: 9)) }

    // MARK: Parts of keys

    private static func key(_ space: UInt8, _ name: ObjectName) -> Bytes {
        var bytes: Bytes = []
        bytes.reserveCapacity(name.bucket.utf8.count + name.key.bytes.count + 2)
        bytes.append(space)
        bytes += name.bucket.utf8
        bytes.append(0)
        bytes += name.key.bytes
        return bytes
    }

    private static func key(_ space: UInt8, _ blob: BlobID) -> Bytes {
        var bytes: Bytes = []
        bytes.reserveCapacity(1 + BlobID.byteCount)
        bytes.append(space)
        for word in [blob.word0, blob.word1, blob.word2, blob.word3] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private static func named(_ space: UInt8, _ bucket: String) -> KeyRange {
        KeyRange(prefix: [space] + bucket.utf8 + [0])
    }

    private static func escaped(_ space: UInt8, _ name: ObjectName) -> Bytes {
        escaped([space], name)
    }

    private static func escaped(_ start: Bytes, _ name: ObjectName) -> Bytes {
        start + name.bucket.utf8 + [0] + escape(name.key.bytes) + [0, 1]
    }

    /// A zero byte becomes 0, 255; then 0, 1 ends a key, and sorts before every byte that a longer key
    /// could go on with.
    private static func escape(_ key: [UInt8]) -> Bytes {
        guard key.contains(0) else { return key }
        return key.flatMap { $0 == 0 ? [0, 255] : [$0] }
    }

    private static func unescape(_ key: ArraySlice<UInt8>) -> Bytes {
        var result: Bytes = []
        result.reserveCapacity(key.count)
        var previous: UInt8?
        for byte in key {
            if byte != 255 || previous != 0 { result.append(byte) }
            previous = byte
        }
        return result
    }

    private static func bytes(_ version: Version) -> Bytes {
        bytes(version.stamp.rawValue) + bytes(version.region.value)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> Bytes {
        withUnsafeBytes(of: value.bigEndian) { Bytes($0) }
    }

    private static func number(_ key: Bytes, at offset: Int) -> UInt64 {
        key[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The keys from `from` up to, not including, `to`.
package struct KeyRange: Sendable, Hashable {
    package var from: Bytes
    package var to: Bytes

    package init(from: Bytes, to: Bytes) {
        self.from = from
        self.to = to
    }

    /// Every key that begins with `prefix`, which has a byte other than 255.
    package init(prefix: Bytes) {
        from = prefix
        to = Self.successor(of: prefix)
    }

    /// The least key greater than every key that begins with `prefix`.
    package static func successor(of prefix: Bytes) -> Bytes {
        var end = prefix
        while let last = end.popLast() {
            if last < 255 {
                end.append(last + 1)
                return end
            }
        }
        preconditionFailure("a prefix of nothing but 255 has no successor")
    }
}
