// Buckets are settings: one shared document each, so that a bucket made in one region appears in all.

package import NIOCore

package struct Bucket: Sendable, Hashable {
    package var name: String
    package var createdMilliseconds: Int64

    package init(name: String, createdMilliseconds: Int64) {
        self.name = name
        self.createdMilliseconds = createdMilliseconds
    }
}

/// What a bucket is told to do by a document of its own. The raw value is its place among the settings.
package enum BucketDocument: String, Sendable, CaseIterable {
    /// What pages of other origins may ask of it.
    case cors
    /// That what is written to it from now on is sealed. Its being there says so, whatever else is in it.
    case encryption
    /// What is deleted of it by its age.
    case lifecycle
    /// What it allows to everyone.
    case policy
    /// What no policy may allow to everyone.
    case publicAccessBlock = "public-access-block"
    case tagging
    /// What becomes of versions (`BucketVersioning`).
    case versioning

    fileprivate var prefix: String { "shared/\(rawValue)/" }
}

/// The buckets of a region.
package struct Buckets: Sendable {
    package static let prefix = "shared/bucket/"
    package static let settingsPrefix = "shared/bucket-settings/"

    private let objects: any ObjectStore
    private let settings: Settings

    package init(objects: any ObjectStore, blobs: any BlobStore) {
        self.objects = objects
        settings = Settings(objects: objects, blobs: blobs)
    }

    /// The object that makes a bucket exist. Every store looks here before it takes a write.
    package static func name(of bucket: String) -> ObjectName {
        Settings.name(prefix + bucket)
    }

    /// The object that says how the bucket is kept.
    package static func settingsName(of bucket: String) -> ObjectName {
        Settings.name(settingsPrefix + bucket)
    }

    /// The object that is one of the bucket's documents.
    package static func name(of document: BucketDocument, _ bucket: String) -> ObjectName {
        Settings.name(document.prefix + bucket)
    }

    /// Throws `invalidArgument` for a name that is not one, `bucketExists` where it exists.
    package func create(_ name: String) async throws {
        // One that is there already, from another region or an earlier version, is as good as any.
        let isThere = try await bucket(name) != nil
        guard BucketName.isValid(name), isThere || !BucketName.isReserved(name) else {
            throw StorageError(.invalidArgument, "“\(name)” is not a valid bucket name")
        }
        // What was said of a bucket of that name before it was deleted must not hold for this one.
        if !isThere { try await deleteSettings(of: name) }
        do {
            try await settings.write(
                ByteBuffer(string: "{\"format\":1}\n"), to: Self.prefix + name,
                if: Preconditions(ifNoneMatch: .any))
        } catch let error as StorageError where error.code == .preconditionFailed {
            throw StorageError(.bucketExists, "bucket “\(name)” exists", cause: error)
        }
    }

    package func bucket(_ name: String) async throws -> Bucket? {
        guard BucketName.isValid(name), let object = try await objects.object(Self.name(of: name))
        else { return nil }
        return Self.bucket(object)
    }

    package func list() async throws -> [Bucket] {
        try await settings.list(Self.prefix).map(Self.bucket)
    }

    /// Throws `noSuchBucket`, `bucketNotEmpty`.
    package func delete(_ name: String) async throws {
        try await require(name)
        try await settings.delete(Self.prefix + name, if: Preconditions(emptyBucket: name))
        try await deleteSettings(of: name)
    }

    private func deleteSettings(of name: String) async throws {
        for prefix in [Self.settingsPrefix] + BucketDocument.allCases.map(\.prefix)
        where try await objects.object(Settings.name(prefix + name)) != nil {
            try await settings.delete(prefix + name)
        }
    }

    /// How a bucket is kept. Throws `noSuchBucket`, `invalidArgument` where the document cannot be read.
    package func settings(of name: String) async throws -> BucketSettings {
        try await require(name)
        guard let bytes = try await settings.read(Self.settingsPrefix + name) else {
            return .standard
        }
        return try BucketSettings(decoding: bytes.readableBytesView)
    }

    /// Holds for what is written and superseded from now on. Throws `noSuchBucket`, and what `body` throws.
    package func changeSettings(
        of name: String, _ body: (inout BucketSettings) throws -> Void
    ) async throws {
        try await require(name)
        try await settings.change(Self.settingsPrefix + name) { bytes in
            var settings =
                try bytes.map { try BucketSettings(decoding: $0.readableBytesView) } ?? .standard
            try body(&settings)
            return try settings.encode()
        }
    }

    /// As `settings(of:)`, of its history alone.
    package func retention(of name: String) async throws -> HistoryRetention {
        try await settings(of: name).retention
    }

    /// Holds for what is superseded from now on. Throws `noSuchBucket`.
    package func setRetention(_ retention: HistoryRetention, of name: String) async throws {
        try await changeSettings(of: name) { $0.retention = retention }
    }

    /// One of a bucket's documents, as it was set; `nil` where it was not.
    package func document(
        _ document: BucketDocument, of name: String
    ) async throws -> ByteBuffer? {
        try await settings.read(document.prefix + name)
    }

    /// `nil` takes it away. Throws `noSuchBucket`.
    package func set(
        _ document: BucketDocument, to bytes: ByteBuffer?, of name: String
    ) async throws {
        try await require(name)
        if let bytes {
            try await settings.write(bytes, to: document.prefix + name)
        } else {
            try await settings.delete(document.prefix + name)
        }
    }

    /// Whether what is written to the bucket is sealed.
    package static func demandsSealing(
        _ bucket: String, in objects: any ObjectStore
    ) async throws -> Bool {
        guard bucket != BucketName.system else { return false }
        return try await objects.object(Self.name(of: .encryption, bucket)) != nil
    }

    private func require(_ name: String) async throws {
        guard try await bucket(name) != nil else {
            throw StorageError(.noSuchBucket, "bucket “\(name)” does not exist")
        }
    }

    private static func bucket(_ object: ObjectVersion) -> Bucket {
        Bucket(
            name: String(object.name.key.string.dropFirst(prefix.utf8.count)),
            createdMilliseconds: object.content?.lastModifiedMilliseconds ?? 0)
    }
}
