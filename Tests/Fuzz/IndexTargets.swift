// The index: its values, and the order of its keys.

import ChunkFiles
import Journal
import MetadataIndex
import Storage

@testable import LocalStore

/// A value of the kind that the first byte says: what is understood is written as it was understood.
@Sendable func fuzzIndexValues(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let kind = input.byte()
    let value = Array(input.rest)
    switch kind % 8 {
    case 0:
        guard let head = IndexHead(encoded: value) else { return }
        precondition(head.encoded == value)
    case 1: roundTrip(value, { try BlobEntry(encoded: $0) }, \.encoded)
    case 2: roundTrip(value, { try ShownEntry(encoded: $0) }, \.encoded)
    case 3: roundTrip(value, { try RegisterEntry(encoded: $0) }, \.encoded)
    case 4: roundTrip(value, { try BucketTally(encoded: $0) }, \.encoded)
    case 5: roundTrip(value, { try VersionReference(encoded: $0) }, \.encoded)
    case 6:
        let key = KeySchema.cursor(RegionID(1))
        roundTrip(value, { try CursorRecord(key: key, value: $0) }, \.value)
    default: roundTrip(value, { try PartRecord(encoded: $0[...]) }, { $0.encode() })
    }
}

private func roundTrip<Value: Equatable>(
    _ bytes: [UInt8], _ decode: ([UInt8]) throws -> Value, _ encode: (Value) -> [UInt8]
) {
    guard let value = try? decode(bytes) else { return }
    let again = try? decode(encode(value))
    precondition(again == value, "\(value) became \(String(describing: again))")
}

/// Two names: their keys are in the order of the names, say which name they are of, and what is kept of
/// one lies in no range of the other.
@Sendable func fuzzIndexKeys(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let split = Int(input.byte())
    let keys = [ObjectKey(bytes: input.take(split)), ObjectKey(bytes: Array(input.rest))]
    let names = keys.map { ObjectName(bucket: "bucket", key: $0) }
    let shown = names.map { KeySchema.shown($0) }
    for (name, key) in zip(names, shown) {
        precondition(KeySchema.objectKey(of: key, in: "bucket") == name.key)
    }
    precondition(
        shown[0].lexicographicallyPrecedes(shown[1]) == (keys[0] < keys[1]), "shown: order")
    let version = Version(stamp: HybridTimestamp(rawValue: 1), region: RegionID(1))
    let pending = names.map { KeySchema.pending($0, version) }
    precondition((pending[0] == pending[1]) == (keys[0] == keys[1]), "pending: two names, one key")
    precondition(
        pending[0].lexicographicallyPrecedes(pending[1]) == (keys[0] < keys[1]), "pending: order")
    let uploads = names.map {
        KeySchema.upload(Upload(id: UploadID("u"), name: $0, initiatedMilliseconds: 1))
    }
    precondition(
        uploads[0].lexicographicallyPrecedes(uploads[1]) == (keys[0] < keys[1]), "uploads: order")
    let range = KeySchema.uploads(in: "bucket", prefix: keys[0])
    let isWithin =
        !uploads[1].lexicographicallyPrecedes(range.from)
        && uploads[1].lexicographicallyPrecedes(range.to)
    precondition(isWithin == keys[1].hasPrefix(keys[0]), "uploads: range of a prefix")
}
