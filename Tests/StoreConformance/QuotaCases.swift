// What every store counts of its buckets, and what it refuses by their quotas.

internal import NIOCore
internal import Storage
internal import Testing

extension StoreCase {
    static let quotaCases: [StoreCase] = [
        StoreCase("usage is what the names of a bucket show") { store in
            try await store.makeBucket()
            #expect(try await store.usage(of: bucket) == BucketUsage())
            try await store.put("a", pattern(10))
            try await store.put("b", pattern(10))
            try await store.put("a", pattern(7))
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 2, bytes: 17))
            try await store.commit(.delete(named("b"), .none))
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 1, bytes: 7))
            #expect(try await store.usage(of: "another") == BucketUsage())
        },
        StoreCase("a hard quota refuses what grows, and nothing of it is there") { store in
            try await store.makeBucket()
            try await store.limit(BucketQuota(hardBytes: 20, hardObjects: 2))
            try await store.put("a", pattern(10))
            await expect(.quotaExceeded) { try await store.put("b", pattern(11)) }
            #expect(try await store.get("b") == nil)
            try await store.put("b", pattern(10))
            await expect(.quotaExceeded) { try await store.put("c", pattern(0)) }
            await expect(.quotaExceeded) { try await store.put("a", pattern(11)) }
            #expect(try await store.get("a") == pattern(10))
            let content = try #require(try await store.object(named("a"))?.content)
            await expect(.quotaExceeded) {
                try await store.commit(.link(named("copy"), content, .none))
            }
            try await store.put("b", pattern(3))
            try await store.commit(.delete(named("b"), .none))
            try await store.commit(.link(named("copy"), content, .none))
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 2, bytes: 20))
        },
        StoreCase(
            "a move takes no more room, and is of the version that was looked at, or not at all"
        ) {
            store in
            try await store.makeBucket()
            try await store.limit(BucketQuota(hardBytes: 19, hardObjects: 2))
            try await store.put("a", pattern(10))
            try await store.put("b", pattern(9))
            let shown = try #require(try await store.object(named("a")))
            let content = try #require(shown.content)
            let moved = try await store.commit(
                .move(named("a"), shown.version, to: named("c"), content))
            #expect(moved?.name == named("c") && moved?.content?.blob == content.blob)
            #expect(try await store.get("a") == nil)
            #expect(try await store.get("c") == pattern(10))
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 2, bytes: 19))
            // What was moved is not there any more, and what came in its place is another version.
            for _ in 0..<2 {
                await expect(.preconditionFailed) {
                    try await store.commit(
                        .move(named("a"), shown.version, to: named("d"), content))
                }
                try await store.commit(.delete(named("b"), .none))
                try await store.put("a", pattern(9))
            }
            #expect(try await store.get("d") == nil)
            #expect(try await store.get("a") == pattern(9))
            // One that replaces a file leaves one.
            let next = try #require(try await store.object(named("a")))
            try await store.commit(
                .move(named("a"), next.version, to: named("c"), try #require(next.content)))
            #expect(try await store.get("c") == pattern(9))
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 1, bytes: 9))
        },
        StoreCase("the writes of one group are counted one after the other") { store in
            try await store.makeBucket()
            try await store.limit(BucketQuota(hardBytes: 25))
            var puts: [ObjectMutation] = []
            for key in ["a", "b", "c"] {
                let staged = try await store.stage(bytes: pattern(10))
                puts.append(.put(named(key), try description(of: staged), staged, .none))
            }
            let results = await store.commit(puts)
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 2, bytes: 20))
            #expect(throws: StorageError.self) { try results[2].get() }
        },
        StoreCase("an upload is held to the quota when it is completed") { store in
            try await store.makeBucket()
            try await store.limit(BucketQuota(hardBytes: 20))
            let upload = try await store.create(
                Upload(id: UploadID(""), name: named("a"), initiatedMilliseconds: 0))
            let staged = try await store.stage(bytes: pattern(21))
            let part = try await store.putPart(
                upload.id, of: named("a"), number: 1, staged: staged)
            let completion = Completion(parts: [CompletedPart(number: 1, etag: part.etag)])
            await expect(.quotaExceeded) {
                _ = try await store.complete(upload.id, of: named("a"), completion)
            }
            try await store.limit(BucketQuota(hardBytes: 21))
            _ = try await store.complete(upload.id, of: named("a"), completion)
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 1, bytes: 21))
        },
        StoreCase("what comes from another region is taken in beyond every quota") { store in
            try await store.makeBucket()
            try await store.limit(BucketQuota(hardBytes: 5))
            let entry = try foreign("a", stamp: 50, pattern(100))
            try await store.merge([entry])
            try await store.publish([entry.object.reference])
            #expect(try await store.usage(of: bucket) == BucketUsage(objects: 1, bytes: 100))
            await expect(.quotaExceeded) { try await store.put("b", pattern(1)) }
            try await store.put("a", pattern(99))
        },
        StoreCase("settings that cannot be read limit nothing, and are told of") { store in
            try await store.makeBucket()
            let name = Buckets.settingsName(of: bucket)
            let bytes = ByteBuffer(string: "{\"format\":1,\"hardBytes\":1,\"colour\":1}")
            let staged = try await store.stage(bytes: bytes)
            try await store.commit(.put(name, description(of: staged), staged, .none))
            try await store.put("a", pattern(10))
            await expect(.invalidArgument) {
                _ = try await Buckets(objects: store, blobs: store).settings(of: bucket)
            }
        },
    ]
}

extension BlobStore where Self: ObjectStore {
    fileprivate func limit(_ quota: BucketQuota) async throws {
        try await Buckets(objects: self, blobs: self).changeSettings(of: bucket) {
            $0.quota = quota
        }
    }
}
