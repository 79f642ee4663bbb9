// What clients put as settings of a bucket: XML of seven kinds, and the JSON of a policy.

import Access
import Foundation
import NIOCore
import Storage

@testable import S3API

/// A document of the kind that the first byte says: what is kept of it says what it said.
@Sendable func fuzzBucketDocuments(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let kind = input.byte()
    let document = ByteBuffer(bytes: input.rest)
    let limits = S3Limits()
    switch kind % 7 {
    case 0: roundTrip(document, { try CORSConfiguration(document: $0, limits: limits) }, \.document)
    case 1:
        roundTrip(
            document, { try LifecycleConfiguration(document: $0, limits: limits) }, \.document)
    case 2:
        roundTrip(
            document, { try EncryptionConfiguration(document: $0, limits: limits) }, \.document)
    case 3: roundTrip(document, { try PublicAccessBlock(document: $0, limits: limits) }, \.document)
    case 4:
        roundTrip(
            document, { try TagSet(document: $0, most: limits.bucketTags, limits: limits) },
            \.document)
    case 5:
        roundTrip(
            document, { try BucketVersioning(configuration: $0, limits: limits) }, \.configuration)
    default: checkPolicy(document)
    }
}

private func roundTrip<Value: Equatable>(
    _ document: ByteBuffer, _ read: (ByteBuffer) throws -> Value, _ write: (Value) -> ByteBuffer
) {
    guard let value = try? read(document) else { return }
    do {
        let again = try read(write(value))
        precondition(again == value, "\(value) became \(again)")
    } catch {
        preconditionFailure("\(value) cannot be read again: \(error)")
    }
}

/// A policy is kept as it came. The same JSON written another way allows the same, and none allows more than
/// to read objects of its own bucket.
private func checkPolicy(_ document: ByteBuffer) {
    let bytes = Array(document.readableBytesView)
    guard let policy = try? BucketPolicy(document: bytes, bucket: "bucket") else { return }
    for action in Action.allCases {
        precondition(!policy.allows(action, bucket: "other", key: "k"), "\(policy)")
        precondition(!policy.allows(action, bucket: "bucket", key: nil), "\(policy)")
        guard action != .read else { continue }
        precondition(!policy.allows(action, bucket: "bucket", key: "k"), "\(policy)")
    }
    precondition((try? BucketPolicy(document: bytes, bucket: "bucke")) == nil, "of two buckets")
    do {
        let value = try JSONSerialization.jsonObject(with: Data(bytes))
        let other = try JSONSerialization.data(
            withJSONObject: value, options: [.prettyPrinted, .sortedKeys])
        let again = try BucketPolicy(document: other, bucket: "bucket")
        precondition(again == policy, "\(policy) became \(again)")
    } catch {
        preconditionFailure("\(policy) cannot be read again: \(error)")
    }
}
