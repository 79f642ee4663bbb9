// The suite that every implementation of the storage contracts passes. A case gets a fresh store of a
// region with nothing in it; a test target runs `StoreCase.all` against its own.

internal import Checksums
package import NIOCore
package import Storage
internal import Testing

/// Everything a region's store is.
package typealias WholeStore = BlobStore & ObjectStore & UploadStore & ChangeFeed & ObjectHistory
    & ObjectVersions & Maintenance

/// One rule of a contract, and how to check it.
package struct StoreCase: Sendable, CustomTestStringConvertible {
    package let name: String
    package let run: @Sendable (any WholeStore) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any WholeStore) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }

    package static var all: [StoreCase] {
        blobCases + sealedCases + objectCases + listCases + uploadCases + partCases + feedCases
            + historyCases + versionCases + quotaCases
    }
}

/// The bucket that most cases work in.
let bucket = "images"

func named(_ key: String) -> ObjectName { ObjectName(bucket: bucket, key: ObjectKey(key)) }

/// Bytes that differ from place to place, so that a wrong offset shows.
package func pattern(_ count: Int, seed: UInt64 = 1) -> ByteBuffer {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var buffer = ByteBuffer()
    buffer.reserveCapacity(count + 8)
    while buffer.readableBytes < count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        buffer.writeInteger(state)
    }
    buffer.moveWriterIndex(to: buffer.readerIndex + count)
    return buffer
}

func blobID(_ bytes: ByteBuffer) throws -> BlobID {
    try #require(BlobID(bytes: MessageDigest.hash(.sha256, bytes)))
}

/// What a front would record of a body.
func description(of staged: StagedBlob, isSealed: Bool = false) throws -> ObjectContent {
    ObjectContent(
        blob: try #require(staged.blob), sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0,
        etag: Hexadecimal.encode(try #require(staged.md5)), isSealed: isSealed)
}

extension BlobStore where Self: ObjectStore {
    func makeBucket() async throws { try await Buckets(objects: self, blobs: self).create(bucket) }

    @discardableResult
    func put(
        _ key: String, _ bytes: ByteBuffer, if conditions: Preconditions = .none
    ) async throws -> ObjectVersion {
        let staged = try await stage(bytes: bytes)
        let version = try await commit(
            .put(named(key), description(of: staged), staged, conditions))
        return try #require(version)
    }

    /// The visible bytes at a key; `nil` where there is nothing.
    func get(_ key: String) async throws -> ByteBuffer? {
        guard let content = try await object(named(key))?.content else { return nil }
        return try await self.content(of: content.blob, limitBytes: 64 << 20)
    }
}

/// Expects a `StorageError` of this code.
func expect(
    _ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record(
            "expected \(code.rawValue), nothing was thrown", sourceLocation: sourceLocation)
    } catch let error as StorageError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected a StorageError, got \(error)", sourceLocation: sourceLocation)
    }
}

let anotherRegion = RegionID(0xE15E_0000_0000_0002)

/// A put of another region's, as it comes from there.
func foreign(_ key: String, stamp: UInt64, _ bytes: ByteBuffer) throws -> FeedEntry {
    let content = ObjectContent(
        blob: try blobID(bytes), sizeBytes: UInt64(bytes.readableBytes),
        lastModifiedMilliseconds: 5, etag: "e")
    let version = Version(stamp: HybridTimestamp(milliseconds: stamp), region: anotherRegion)
    return FeedEntry(
        object: ObjectVersion(
            name: named(key), version: version,
            position: FeedPosition(incarnation: 7, number: stamp & 0xffff), kind: .put(content),
            state: .published), inlineBytes: bytes)
}
