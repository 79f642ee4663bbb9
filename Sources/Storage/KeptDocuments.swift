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

    private let documents: ReadDocuments

    /// `name` is that of a subject's document; so many of them are kept.
    package init(
        limit: Int = 1024, objects: any ObjectStore, blobs: any BlobStore,
        name: @escaping @Sendable (String) -> ObjectName, onUnknown: Unknown? = nil,
        read: @escaping Reading
    ) {
        documents = ReadDocuments(
            limit: limit, objects: objects, blobs: blobs, name: name, onUnknown: onUnknown,
            read: read)
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
        guard let value = try await documents.value(of: subject) else { return nil }
        guard let value = value as? Value else {
            preconditionFailure("a document was read as \(type(of: value))")
        }
        return value
    }
}

/// The documents of one kind, whatever it is. (Every request asks several kinds, and a table of each kind's own
/// type cost more than the look-ups: code that other modules share finds the types of its values at every step.)
private final class ReadDocuments: Sendable {
    private struct Document: Sendable {
        let name: ObjectName
        let blob: BlobID
        let value: Result<any Sendable, any Error>
    }

    private struct State: Sendable {
        var documents: [String: Document] = [:]
        /// Names of subjects that have none, as most. Apart, since anyone at all can ask for subjects that there are
        /// not, and must not push out what was read.
        var absent: [String: ObjectName] = [:]
    }

    private let name: @Sendable (String) -> ObjectName
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let read: @Sendable (ByteBuffer, String) throws -> any Sendable
    /// `nil`: what is not taken is read again each time, and nobody is told.
    private let onUnknown: (@Sendable (String, any Error) -> Void)?
    /// Of documents that are kept, and of names of those that there are not.
    private let limit: Int
    private let state = Mutex(State())

    init(
        limit: Int, objects: any ObjectStore, blobs: any BlobStore,
        name: @escaping @Sendable (String) -> ObjectName,
        onUnknown: (@Sendable (String, any Error) -> Void)?,
        read: @escaping @Sendable (ByteBuffer, String) throws -> any Sendable
    ) {
        self.name = name
        self.objects = objects
        self.blobs = blobs
        self.read = read
        self.onUnknown = onUnknown
        self.limit = limit
    }

    func value(of subject: String) async throws -> (any Sendable)? {
        let (kept, absent) = state.withLock { ($0.documents[subject], $0.absent[subject]) }
        let name = kept?.name ?? absent ?? name(subject)
        guard let blob = try await objects.object(name)?.content?.blob else {
            if absent == nil { keep(name, of: subject) }
            return nil
        }
        if let kept, kept.blob == blob { return try kept.value.get() }
        // Of the blob that was looked up: by its name another document could be read by now.
        let value = try await reading(blob, of: subject)
        if case .failure(let error) = value {
            guard let onUnknown else { throw error }
            onUnknown(subject, error)
        }
        keep(Document(name: name, blob: blob, value: value), of: subject)
        return try value.get()
    }

    private func keep(_ document: Document, of subject: String) {
        state.withLock { state in
            if state.documents.count >= limit { state.documents.removeAll() }
            state.documents[subject] = document
        }
    }

    private func keep(_ absent: ObjectName, of subject: String) {
        state.withLock { state in
            if state.absent.count >= limit { state.absent.removeAll() }
            state.absent[subject] = absent
        }
    }

    /// What is larger than any that is taken here is as little understood as any other. Throws where the bytes are
    /// not to be had now.
    private func reading(
        _ blob: BlobID, of subject: String
    ) async throws -> Result<any Sendable, any Error> {
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
