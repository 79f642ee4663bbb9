// Documents at hand for every request: what is in force is known without reading it again.

package import NIOCore
internal import Synchronization

/// The documents of one kind that are in force. A document that was read is kept with the blob it was read
/// from: the look-up of its object, which is in memory, says whether it still holds, wherever the change came
/// from.
package final class KeptDocuments<Value: Sendable>: Sendable {
    /// What the document of a bucket, or of whatever else has one of this kind, says.
    package typealias Reading =
        @Sendable (_ document: ByteBuffer, _ subject: String) throws -> Value

    private struct Kept: Sendable {
        let blob: BlobID
        let value: Value
    }

    private let name: @Sendable (String) -> ObjectName
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let read: Reading
    /// Subjects whose document is kept.
    private let limit: Int
    private let kept = Mutex<[String: Kept]>([:])

    /// `name` is that of a subject's document; so many of them are kept.
    package init(
        limit: Int = 1024, objects: any ObjectStore, blobs: any BlobStore,
        name: @escaping @Sendable (String) -> ObjectName, read: @escaping Reading
    ) {
        self.name = name
        self.objects = objects
        self.blobs = blobs
        self.read = read
        self.limit = limit
    }

    package convenience init(
        _ kind: BucketDocument, objects: any ObjectStore, blobs: any BlobStore,
        read: @escaping Reading
    ) {
        self.init(
            objects: objects, blobs: blobs, name: { Buckets.name(of: kind, $0) }, read: read)
    }

    /// `nil` where the subject has none, or is none.
    package func value(of subject: String) async throws -> Value? {
        let object = try await objects.object(name(subject))
        guard let blob = object?.content?.blob else { return nil }
        if let kept = kept.withLock({ $0[subject] }), kept.blob == blob { return kept.value }
        // Of the blob that was looked up: by its name another document could be read by now.
        let document = try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        let value = try read(document, subject)
        kept.withLock { kept in
            if kept.count >= limit { kept.removeAll() }
            kept[subject] = Kept(blob: blob, value: value)
        }
        return value
    }
}

extension KeptDocuments where Value == BucketSettings {
    /// How buckets are kept. Settings that cannot be read here count as not made.
    package static func bucketSettings(
        objects: any ObjectStore, blobs: any BlobStore
    ) -> KeptDocuments {
        KeptDocuments(
            objects: objects, blobs: blobs, name: { Buckets.settingsName(of: $0) },
            read: { document, _ in BucketSettings(inForce: document.readableBytesView) })
    }
}
