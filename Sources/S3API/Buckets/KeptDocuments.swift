// Documents of buckets at hand for every request: what is in force is known without reading it again.

internal import NIOCore
internal import Storage
internal import Synchronization

/// The documents of one kind that are in force. A document that was read is kept with the blob it was read
/// from: the look-up of its object, which is in memory, says whether it still holds, wherever the change came
/// from.
final class KeptDocuments<Value: Sendable>: Sendable {
    /// What a document of a bucket says.
    typealias Reading = @Sendable (_ document: ByteBuffer, _ bucket: String) throws -> Value

    private struct Kept: Sendable {
        let blob: BlobID
        let value: Value
    }

    /// Buckets whose document is kept.
    private static var limit: Int { 1024 }

    private let kind: BucketDocument
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let read: Reading
    private let kept = Mutex<[String: Kept]>([:])

    init(
        _ kind: BucketDocument, objects: any ObjectStore, blobs: any BlobStore,
        read: @escaping Reading
    ) {
        self.kind = kind
        self.objects = objects
        self.blobs = blobs
        self.read = read
    }

    /// `nil` where the bucket has none, or is none.
    func value(of bucket: String) async throws -> Value? {
        let object = try await objects.object(Buckets.name(of: kind, bucket))
        guard let blob = object?.content?.blob else { return nil }
        if let kept = kept.withLock({ $0[bucket] }), kept.blob == blob { return kept.value }
        // Of the blob that was looked up: by its name another document could be read by now.
        let document = try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        let value = try read(document, bucket)
        kept.withLock { kept in
            if kept.count >= Self.limit { kept.removeAll() }
            kept[bucket] = Kept(blob: blob, value: value)
        }
        return value
    }
}
