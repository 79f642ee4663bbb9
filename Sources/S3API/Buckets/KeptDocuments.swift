// Documents of buckets at hand for every request: what is in force is known without reading it again.

internal import Logging
internal import NIOCore
internal import Storage
internal import Synchronization

/// The documents of one kind that are in force. A document that was read is kept with the blob it was read
/// from: the look-up of its object, which is in memory, says whether it still holds, wherever the change came
/// from. One that cannot be understood, as a later version may have written it in another region, is kept as
/// that, so it is read once and spoken of once.
final class KeptDocuments<Value: Sendable>: Sendable {
    /// What a document of a bucket says.
    typealias Reading = @Sendable (_ document: ByteBuffer, _ bucket: String) throws -> Value

    private struct Kept: Sendable {
        let blob: BlobID
        let value: Result<Value, any Error>
    }

    /// Buckets whose document is kept.
    private static var limit: Int { 1024 }

    private let kind: BucketDocument
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let logger: Logger
    private let read: Reading
    private let kept = Mutex<[String: Kept]>([:])

    init(
        _ kind: BucketDocument, objects: any ObjectStore, blobs: any BlobStore, logger: Logger,
        read: @escaping Reading
    ) {
        self.kind = kind
        self.objects = objects
        self.blobs = blobs
        self.logger = logger
        self.read = read
    }

    /// `nil` where the bucket has none, or is none. Throws what the reading throws of a document, each time.
    func value(of bucket: String) async throws -> Value? {
        let object = try await objects.object(Buckets.name(of: kind, bucket))
        guard let blob = object?.content?.blob else { return nil }
        if let kept = kept.withLock({ $0[bucket] }), kept.blob == blob {
            return try kept.value.get()
        }
        // Of the blob that was looked up: by its name another document could be read by now.
        let value = try await reading(blob, of: bucket)
        if case .failure(let error) = value {
            logger.warning(
                "a document of a bucket is none that is known here",
                metadata: ["bucket": "\(bucket)", "kind": "\(kind)", "error": "\(error)"])
        }
        kept.withLock { kept in
            if kept.count >= Self.limit { kept.removeAll() }
            kept[bucket] = Kept(blob: blob, value: value)
        }
        return try value.get()
    }

    /// What is larger than any that is taken here is as little understood as any other. Throws where the bytes are
    /// not to be had now.
    private func reading(_ blob: BlobID, of bucket: String) async throws -> Result<Value, any Error>
    {
        let document: ByteBuffer
        do {
            document = try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        } catch let error as StorageError where error.code == .limitExceeded {
            return Result { try read(ByteBuffer(), bucket) }
        }
        return Result { try read(document, bucket) }
    }
}
