// What every object store does with single names.

internal import NIOCore
internal import Storage
internal import Testing

extension StoreCase {
    static let objectCases: [StoreCase] = [
        StoreCase("a move is refused where it could not be whole, and nothing of it is done") {
            store in
            try await store.makeBucket()
            try await store.put("a", pattern(10))
            let shown = try #require(try await store.object(named("a")))
            let content = try #require(shown.content)
            await expect(.invalidArgument) {
                try await store.commit(.move(named("a"), shown.version, to: named("a"), content))
            }
            var other = content
            other.sizeBytes += 1
            await expect(.sizeMismatch) {
                try await store.commit(.move(named("a"), shown.version, to: named("b"), other))
            }
            let nowhere = ObjectName(bucket: "nowhere", key: "a")
            await expect(.noSuchBucket) {
                try await store.commit(.move(named("a"), shown.version, to: nowhere, content))
            }
            #expect(try await store.get("a") == pattern(10))
            #expect(try await store.get("b") == nil)
        },
        StoreCase("a move in a bucket with versioning leaves a delete marker, and what was there") {
            store in
            try await store.makeBucket()
            try await Buckets(objects: store, blobs: store).set(
                .versioning, to: ByteBuffer(string: BucketVersioning.enabled.document), of: bucket)
            try await store.put("a", pattern(10))
            try await store.put("b", pattern(20))
            let shown = try #require(try await store.object(named("a")))
            let moved = try await store.commit(
                .move(named("a"), shown.version, to: named("b"), try #require(shown.content)))
            #expect(moved?.versionID.stamp != nil && moved?.versionID != shown.versionID)
            #expect(try await store.get("a") == nil)
            #expect(try await store.get("b") == pattern(10))
            let versions = try await store.list(VersionListRequest(bucket: bucket)).entries
            // The marker and what it hides; the moved one and what it took the place of.
            #expect(versions.count == 4)
        },
        StoreCase("an object is put, overwritten and deleted") { store in
            try await store.makeBucket()
            #expect(try await store.get("a") == nil)
            let first = try await store.put("a", pattern(10))
            #expect(try await store.get("a") == pattern(10))
            let second = try await store.put("a", pattern(20_000))
            #expect(second.version > first.version)
            #expect(try await store.get("a") == pattern(20_000))
            let tombstone = try await store.commit(.delete(named("a"), .none))
            #expect(tombstone?.kind == .tombstone)
            #expect(try await store.get("a") == nil)
            #expect(try await store.commit(.delete(named("a"), .none)) == nil)
            try await store.put("a", pattern(10))
            #expect(try await store.get("a") == pattern(10))
        },
        StoreCase("what expires is the version that was judged, and what is written since stays") {
            store in
            try await store.makeBucket()
            let first = try await store.put("a", pattern(10))
            let second = try await store.put("a", pattern(20))
            #expect(try await store.commit(.expire(named("a"), first.version)) == nil)
            #expect(try await store.get("a") == pattern(20))
            let tombstone = try await store.commit(.expire(named("a"), second.version))
            #expect(tombstone?.kind == .tombstone)
            #expect(tombstone?.version.stamp == second.version.stamp.successor)
            #expect(try await store.get("a") == nil)
            #expect(try await store.commit(.expire(named("a"), second.version)) == nil)
            try await store.put("a", pattern(30))
            #expect(try await store.get("a") == pattern(30))
        },
        StoreCase("what was recorded beside the bytes comes back") { store in
            try await store.makeBucket()
            let staged = try await store.stage(bytes: pattern(9))
            var recorded = try description(of: staged)
            recorded.headers = ContentHeaders(
                contentType: "text/plain", contentEncoding: "gzip", contentLanguage: "de",
                contentDisposition: "inline", cacheControl: "no-store", expires: "never")
            recorded.checksum = ObjectChecksum(
                algorithm: .crc32, kind: .composite, bytes: [1, 2, 3, 4])
            recorded.partSizes = [4, 5]
            recorded.userMetadata = [
                MetadataField(name: "b", value: "ü"), MetadataField(name: "a", value: ""),
            ]
            recorded.tags = [MetadataField(name: "t", value: "v")]
            recorded.writer = Writer(principal: "root", requestID: "1")
            recorded.lastModifiedMilliseconds = 1_700_000_000_123
            var wrong = recorded
            wrong.sizeBytes = 1
            try await store.commit(.put(named("a"), wrong, staged, .none))
            #expect(
                try await store.object(named("a"))?.content == recorded, "the size is the body's")
        },
        StoreCase("keys are bytes: what Unicode calls equal are two names") { store in
            try await store.makeBucket()
            try await store.put("caf\u{E9}", pattern(1))
            try await store.put("cafe\u{301}", pattern(2))
            #expect(try await store.get("caf\u{E9}") == pattern(1))
            #expect(try await store.get("cafe\u{301}") == pattern(2))
        },
        StoreCase("a bucket that does not exist takes and shows nothing") { store in
            await expect(.noSuchBucket) { _ = try await store.object(named("a")) }
            await expect(.noSuchBucket) { try await store.put("a", pattern(1)) }
            await expect(.noSuchBucket) { try await store.commit(.delete(named("a"), .none)) }
            await expect(.noSuchBucket) { _ = try await store.list(ListRequest(bucket: bucket)) }
        },
        StoreCase("a write that was made from a version is refused where another shows") { store in
            try await store.makeBucket()
            let first = try await store.put("a", pattern(10))
            let second = try await store.put(
                "a", pattern(20), if: Preconditions(version: first.version))
            #expect(second.version.stamp == first.version.stamp.successor, "below all others")
            await expect(.preconditionFailed) {
                try await store.put("a", pattern(30), if: Preconditions(version: first.version))
            }
            await expect(.preconditionFailed) {
                try await store.put("b", pattern(30), if: Preconditions(version: first.version))
            }
            #expect(try await store.object(named("a"))?.version == second.version)
        },
        StoreCase("preconditions are decided against the visible version") { store in
            try await store.makeBucket()
            let none = Preconditions(ifNoneMatch: .any)
            let first = try await store.put("a", pattern(1), if: none)
            await expect(.preconditionFailed) { try await store.put("a", pattern(2), if: none) }
            let etag = try #require(first.content?.etag)
            let match = Preconditions(ifMatch: .list(["x", etag]))
            try await store.put("a", pattern(2), if: match)
            await expect(.preconditionFailed) { try await store.put("a", pattern(3), if: match) }
            await expect(.noSuchKey) { try await store.put("b", pattern(3), if: match) }
            await expect(.preconditionFailed) {
                try await store.commit(.delete(named("a"), match))
            }
            try await store.commit(.delete(named("a"), Preconditions(ifMatch: .any)))
            try await store.put("a", pattern(4), if: none)
            #expect(try await store.get("a") == pattern(4))
        },
        StoreCase("a copy refers to the blob, and only to one that is here") { store in
            try await store.makeBucket()
            let source = try await store.put("a", pattern(30_000))
            let recorded = try #require(source.content)
            try await store.commit(.link(named("b"), recorded, .none))
            var wrong = recorded
            wrong.sizeBytes += 1
            await expect(.sizeMismatch) {
                try await store.commit(.link(named("c"), wrong, .none))
            }
            try await store.commit(.delete(named("a"), .none))
            #expect(try await store.get("b") == pattern(30_000))
            var missing = recorded
            missing.blob = try blobID(pattern(7))
            await expect(.noSuchBlob) {
                try await store.commit(.link(named("c"), missing, .none))
            }
        },
        StoreCase("mutations of one group are decided each by itself, in order") { store in
            try await store.makeBucket()
            try await store.put("a", pattern(1))
            let staged = try await store.stage(bytes: pattern(2))
            let none = Preconditions(ifNoneMatch: .any)
            let results = try await store.commit([
                .put(named("b"), description(of: staged), staged, none),
                .put(named("a"), description(of: staged), staged, none),
                .delete(named("a"), .none),
                .put(named("a"), description(of: staged), staged, none),
            ])
            let codes = results.map { result in
                if case .failure(let error) = result {
                    error.code
                } else {
                    nil as StorageError.Code?
                }
            }
            #expect(codes == [nil, .preconditionFailed, nil, nil])
            #expect(try await store.get("a") == pattern(2))
            #expect(try await store.get("b") == pattern(2))
        },
        StoreCase("buckets are made, listed and removed when empty") { store in
            let buckets = Buckets(objects: store, blobs: store)
            try await buckets.create("zoo")
            try await buckets.create(bucket)
            await expect(.bucketExists) { try await buckets.create(bucket) }
            await expect(.invalidArgument) { try await buckets.create("-x") }
            #expect(try await buckets.list().map(\.name) == [bucket, "zoo"])
            try await store.put("a", pattern(1))
            await expect(.bucketNotEmpty) { try await buckets.delete(bucket) }
            try await store.commit(.delete(named("a"), .none))
            try await buckets.delete(bucket)
            #expect(try await buckets.bucket(bucket) == nil)
            await expect(.noSuchBucket) { try await buckets.delete(bucket) }
        },
        StoreCase("figures count what is visible") { store in
            try await store.makeBucket()
            let before = try await store.figures()
            try await store.put("a", pattern(10))
            try await store.put("b", pattern(20_000))
            try await store.put("b", pattern(10))
            let after = try await store.figures()
            #expect(after.objects == before.objects + 2)
            #expect(after.logicalBytes == before.logicalBytes + 20)
            try await store.commit(.delete(named("a"), .none))
            #expect(try await store.figures().objects == before.objects + 1)
        },
    ]
}
