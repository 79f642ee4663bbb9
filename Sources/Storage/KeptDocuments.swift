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

    /// Is told of a document that the reading does not take.
    package typealias Unknown = @Sendable (_ subject: String, _ error: any Error) -> Void

    private struct Kept: Sendable {
        let blob: BlobID
        let value: Result<Value, any Error>
    }

    private let name: @Sendable (String) -> ObjectName
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let read: Reading
    /// `nil`: what is not taken is read again each time, and nobody is told.
    private let onUnknown: Unknown?
    /// Subjects whose document is kept.
    private let limit: Int
    private let kept = Mutex<[String: Kept]>([:])

    /// `name` is that of a subject's document; so many of them are kept.
    package init(
        limit: Int = 1024, objects: any ObjectStore, blobs: any BlobStore,
        name: @escaping @Sendable (String) -> ObjectName, onUnknown: Unknown? = nil,
        read: @escaping Reading
    ) {
        self.name = name
        self.objects = objects
        self.blobs = blobs
        self.read = read
        self.onUnknown = onUnknown
        self.limit = limit
    }

    /// A document that cannot be understood, as a later version may have written it in another region, is kept as
    /// that: it is read once, and `onUnknown` is told once.
    package convenience init(
        _ kind: BucketDocument, objects: any ObjectStore, blobs: any BlobStore,
        onUnknown: @escaping Unknown, read: @escaping Reading
    ) {
        self.init(
            objects: objects, blobs: blobs, name: { Buckets.name(of: kind, $0) },
            onUnknown: onUnknown, read: read)
    }

    /// `nil` where the subject has none, or is none. Throws what the reading throws of a document, each time.
    package func value(of subject: String) async throws -> Value? {
        let object = try await objects.object(name(subject))
        guard let blob = object?.content?.blob else { return nil }
        if let kept = kept.withLock({ $0[subject] }), kept.blob == blob {
            return try kept.value.get()
        }
        // Of the blob that was looked up: by its name another document could be read by now.
        let value = try await reading(blob, of: subject)
        if case .failure(let error) = value {
            guard let onUnknown else { throw error }
            onUnknown(subject, error)
        }
        kept.withLock { kept in
            if kept.count >= limit { kept.removeAll() }
            kept[subject] = Kept(blob: blob, value: value)
        }
        return try value.get()
    }

    /// What is larger than any that is taken here is as little understood as any other. Throws where the bytes are
    /// not to be had now.
    private func reading(
        _ blob: BlobID, of subject: String
    ) async throws -> Result<Value, any Error> {
        let document: ByteBuffer
        do {
            document = try await blobs.content(of: blob, limitBytes: Settings.limitBytes)
        } catch let error as StorageError where error.code == .limitExceeded {
            return Result { try read(ByteBuffer(), subject) }
        }
        return Result { try read(document, subject) }
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
