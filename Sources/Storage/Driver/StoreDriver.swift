// A storage driver over the contracts of a store: the in-memory driver is one over `MemoryStore`, the local one
// over the durable store. Every call is a few of theirs; nothing is kept here.

internal import Checksums
internal import NIOCore

/// What the drivers of all buckets share.
package struct DriverStores: Sendable {
    package typealias PromisedDigest = @Sendable (ObjectName) async throws -> ContentDigest?

    package let objects: any ObjectStore
    package let blobs: any BlobStore
    package let uploads: any UploadStore
    /// The digest that a name says its bytes have.
    let promisedDigest: PromisedDigest
    let claims = WriterClaims()
    /// What is written bit by bit becomes durable in parts of this size.
    let partBytes: UInt64

    package init(
        objects: any ObjectStore, blobs: any BlobStore, uploads: any UploadStore,
        partBytes: UInt64 = 32 << 20,
        promisedDigest: @escaping PromisedDigest
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.partBytes = partBytes
        self.promisedDigest = promisedDigest
    }
}

/// The driver of one bucket, for one user of it.
package struct StoreDriver: StorageDriver {
    package typealias Sign = @Sendable (ObjectName, RedirectMethod) async throws -> String?

    let stores: DriverStores
    let bucket: String
    let user: Writer
    private let sign: Sign?

    /// `user` is who the objects say wrote them; `sign` makes signed URLs. Throws `bucketNotFound` for what
    /// cannot be a bucket's name.
    package init(
        _ stores: DriverStores, bucket: String, user: Writer = Writer(), sign: Sign? = nil
    ) throws(DriverError) {
        guard BucketName.isValid(bucket) else {
            throw DriverError(.bucketNotFound, "“\(bucket)” is no name of a bucket")
        }
        self.stores = stores
        self.bucket = bucket
        self.user = user
        self.sign = sign
    }

    func name(_ path: DriverPath) -> ObjectName { ObjectName(bucket: bucket, key: path.key) }

    /// The object of a path that can have one. Throws `invalidPath` for the root.
    func fileName(_ path: DriverPath) throws(DriverError) -> ObjectName {
        guard !path.isRoot else {
            throw DriverError(.invalidPath, "the root is a directory, always")
        }
        return name(path)
    }

    package func reader(
        _ path: DriverPath, offset: Int64, length: UInt64?
    ) async throws -> FileReader {
        guard let offset = UInt64(exactly: offset) else {
            throw DriverError(.invalidOffset, "an offset of \(offset) is before the first byte")
        }
        return try await DriverError.mapping {
            let content = try await content(of: path)
            let start = min(offset, content.sizeBytes)
            let rest = content.sizeBytes - start
            let range = start..<start + min(length ?? rest, rest)
            let source: any SegmentSource =
                range.isEmpty
                ? NoSegments() : try await stores.blobs.read(content.blob, range: range)
            return FileReader(
                sizeBytes: content.sizeBytes, lengthBytes: UInt64(range.count), source: source)
        }
    }

    package func putContent(
        _ path: DriverPath, _ content: any ByteSource, promise: BodyPromise
    ) async throws -> FileInfo {
        let name = try fileName(path)
        return try await DriverError.mapping {
            let promise = try await self.promise(promise, of: name)
            let isSealed = try await Buckets.demandsSealing(bucket, in: stores.objects)
            let staging = try await stores.blobs.stage(
                HashPlan(for: promise, isBlob: true, isSealed: isSealed),
                expectedBytes: promise.sizeBytes)
            while let bytes = try await content.next() { try await staging.write(bytes) }
            let staged = try await staging.finish(promise)
            guard let blob = staged.blob else { preconditionFailure("the plan asked for SHA-256") }
            let recorded = ObjectContent(
                blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0,
                etag: MultipartRules.etag(ofWhole: blob), isSealed: isSealed, writer: user)
            return try info(
                path, await stores.objects.commit(.put(name, recorded, staged, .none)))
        }
    }

    package func stat(_ path: DriverPath) async throws -> FileInfo {
        try await DriverError.mapping {
            if !path.isRoot, let content = try await stores.objects.object(name(path))?.content {
                return FileInfo(path, content)
            }
            let isThere = try await children(of: path).areThere()
            guard isThere || path.isRoot else { throw DriverError.notFound(path) }
            return FileInfo(path: path)
        }
    }

    package func move(_ source: DriverPath, to destination: DriverPath) async throws {
        let (from, to) = (try fileName(source), try fileName(destination))
        try await DriverError.mapping {
            let digest = try await stores.promisedDigest(to)
            while true {
                guard let version = try await stores.objects.object(from),
                    var content = version.content
                else { throw DriverError.notFound(source) }
                guard from != to else { return }
                if let digest, try await !stores.blobs.has(digest, content) {
                    throw DriverError(.digestMismatch, "“\(source)” has not the digest \(digest)")
                }
                content.lastModifiedMilliseconds = 0
                content.writer = user
                do {
                    try await stores.objects.commit(
                        .move(from, version.version, to: to, content))
                    return
                } catch let error as StorageError where error.code == .preconditionFailed {
                    // Written, or deleted, since it was looked at.
                    try Task.checkCancellation()
                }
            }
        }
    }

    package func redirect(_ path: DriverPath, _ method: RedirectMethod) async throws -> String? {
        let name = try fileName(path)
        return try await sign?(name, method)
    }

    /// What the path shows as a file. Throws `pathNotFound`.
    func content(of path: DriverPath) async throws -> ObjectContent {
        guard let content = try await stores.objects.object(fileName(path))?.content else {
            throw DriverError.notFound(path)
        }
        return content
    }

    /// With the digest that the name says.
    func promise(_ promise: BodyPromise, of name: ObjectName) async throws -> BodyPromise {
        var promise = promise
        if let digest = try await stores.promisedDigest(name) { promise.digests.append(digest) }
        return promise
    }

    func info(_ path: DriverPath, _ version: ObjectVersion?) -> FileInfo {
        guard let content = version?.content else {
            preconditionFailure("a put of “\(path)” answers the version it made")
        }
        return FileInfo(path, content)
    }
}

extension FileInfo {
    init(_ path: DriverPath, _ content: ObjectContent) {
        self.init(
            path: path, sizeBytes: content.sizeBytes,
            modifiedMilliseconds: content.lastModifiedMilliseconds)
    }
}

extension HashPlan {
    /// What is needed to hold a body against a promise.
    init(for promise: BodyPromise, isBlob: Bool, isSealed: Bool) {
        self.init(
            sha256: isBlob || promise.digests.contains { $0.algorithm == .sha256 },
            md5: promise.md5 != nil,
            sha512: promise.digests.contains { $0.algorithm == .sha512 },
            checksums: Set(promise.checksums.keys), isSealed: isSealed)
    }
}

/// A read of nothing.
private final class NoSegments: SegmentSource {
    func next() async throws -> Segment? { nil }
}
