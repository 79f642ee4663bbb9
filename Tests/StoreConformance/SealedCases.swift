// What every store does with bytes that must not lie in the clear.

internal import NIOCore
internal import Storage
internal import Testing

extension BlobStore where Self: ObjectStore & UploadStore {
    /// Puts as a front does that was asked to seal.
    @discardableResult
    fileprivate func putSealed(_ key: String, _ bytes: ByteBuffer) async throws -> ObjectVersion {
        let staged = try await stage(bytes: bytes, plan: HashPlan(md5: true, isSealed: true))
        let content = try description(of: staged, isSealed: true)
        return try #require(try await commit(.put(named(key), content, staged, .none)))
    }

    fileprivate func isSealed(_ bytes: ByteBuffer) async throws -> Bool? {
        try await stat(blobID(bytes))?.isSealed
    }
}

extension StoreCase {
    private static let sizes = [1, 700, 8192, 8193, (1 << 20) + 1, (3 << 20) + 5]

    static let sealedCases: [StoreCase] = [
        StoreCase("a sealed blob of any size reads back byte for byte, whole and by ranges") {
            store in
            for size in [0] + sizes {
                let bytes = pattern(size, seed: UInt64(size + 1))
                let plan = HashPlan(md5: true, sha512: true, isSealed: true)
                let info = try await store.keep(store.stage(bytes: bytes, plan: plan))
                #expect(info.isSealed == (size > 0))
                #expect(try await store.stat(info.blob) == info)
                #expect(try await store.content(of: info.blob, limitBytes: 8 << 20) == bytes)
                let ranges = [0..<size, size / 2..<size, size / 3..<size / 3 * 2, size..<size]
                for range in ranges + (size > 1 << 20 ? [(1 << 20) - 1..<(1 << 20) + 1] : []) {
                    var read = ByteBuffer()
                    let source = try await store.read(
                        info.blob, range: UInt64(range.lowerBound)..<UInt64(range.upperBound))
                    while let segment = try await source.next() { try segment.append(to: &read) }
                    #expect(read == bytes.getSlice(at: range.lowerBound, length: range.count))
                }
            }
        },
        StoreCase("bytes in the clear share a sealed blob, and never take its place") { store in
            try await store.makeBucket()
            for size in sizes {
                let bytes = pattern(size, seed: 3)
                try await store.putSealed("sealed", bytes)
                let object = try await store.put("clear", bytes)
                #expect(object.content?.isSealed == false)
                #expect(try await store.isSealed(bytes) == true)
                _ = try await store.keep(store.stage(bytes: bytes))
                #expect(try await store.isSealed(bytes) == true)
                #expect(try await store.get("clear") == bytes)
            }
        },
        StoreCase("sealed bytes take the place of bytes in the clear, for everyone") { store in
            try await store.makeBucket()
            for size in sizes {
                let bytes = pattern(size, seed: 4)
                try await store.put("clear", bytes)
                #expect(try await store.isSealed(bytes) == false)
                let object = try await store.putSealed("sealed", bytes)
                #expect(object.content?.isSealed == true)
                #expect(try await store.isSealed(bytes) == true)
                #expect(try await store.get("clear") == bytes)
                #expect(try await store.get("sealed") == bytes)
            }
        },
        StoreCase("sealed content is sealed, whatever its body was staged as") { store in
            try await store.makeBucket()
            for size in sizes {
                let bytes = pattern(size, seed: 5)
                let staged = try await store.stage(bytes: bytes)
                let content = try description(of: staged, isSealed: true)
                try await store.commit(.put(named("a"), content, staged, .none))
                #expect(try await store.isSealed(bytes) == true)
                #expect(try await store.get("a") == bytes)
            }
        },
        StoreCase("a copy into sealed content seals what lies in the clear") { store in
            try await store.makeBucket()
            for size in sizes {
                let bytes = pattern(size, seed: 6)
                var content = try #require(try await store.put("clear", bytes).content)
                content.isSealed = true
                let copy = try await store.commit(.link(named("copy"), content, .none))
                #expect(copy?.content?.isSealed == true)
                #expect(try await store.isSealed(bytes) == true)
                #expect(try await store.get("copy") == bytes)
                #expect(try await store.get("clear") == bytes)
            }
        },
        StoreCase("a bucket that demands it has everything sealed from then on") { store in
            try await store.makeBucket()
            let buckets = Buckets(objects: store, blobs: store)
            let (before, after, copied) = (pattern(9000), pattern(9001), pattern(9002))
            try await store.put("before", before)
            let source = try #require(try await store.put("source", copied).content)
            #expect(try await !Buckets.demandsSealing(bucket, in: store))
            try await buckets.set(.encryption, to: ByteBuffer(string: "<x/>"), of: bucket)
            #expect(try await Buckets.demandsSealing(bucket, in: store))
            #expect(try await store.put("after", after).content?.isSealed == true)
            let copy = try await store.commit(.link(named("copy"), source, .none))
            #expect(copy?.content?.isSealed == true)
            let upload = try await store.open("upload")
            #expect(upload.isSealed)
            #expect(try await store.isSealed(before) == false)
            #expect(try await store.isSealed(after) == true)
            #expect(try await store.isSealed(copied) == true)
            try await buckets.set(.encryption, to: nil, of: bucket)
            #expect(try await store.put("later", pattern(12)).content?.isSealed == false)
        },
        StoreCase("a sealed upload makes a sealed object, of what was staged and what was copied") {
            store in
            try await store.makeBucket()
            let source = pattern((1 << 20) * 3 + 77, seed: 7)
            let clear = try #require(try await store.put("clear", source).content)
            for isStagedSealed in [true, false] {
                let template = Upload(
                    id: UploadID(""), name: named("whole"), initiatedMilliseconds: 0,
                    isSealed: true)
                let upload = try await store.create(template)
                #expect(try await store.upload(upload.id, of: upload.name).isSealed)
                let first = pattern(leastPart, seed: isStagedSealed ? 8 : 9)
                let plan = HashPlan(sha256: false, md5: true, isSealed: isStagedSealed)
                let staged = try await store.stage(bytes: first, plan: plan)
                let parts = [
                    try await store.putPart(upload.id, of: upload.name, number: 1, staged: staged),
                    try await store.copyPart(
                        upload.id, of: upload.name, number: 2, blob: clear.blob,
                        range: 100..<clear.sizeBytes - 100),
                ]
                let named = parts.map { CompletedPart(number: $0.number, etag: $0.etag) }
                let object = try await store.complete(
                    upload.id, of: upload.name, Completion(parts: named, leastPartBytes: 0))
                var whole = first
                whole.writeImmutableBuffer(
                    try #require(
                        source.getSlice(at: 100, length: source.readableBytes - 200)))
                #expect(object.content?.isSealed == true)
                #expect(try await store.isSealed(whole) == true)
                #expect(try await store.get("whole") == whole)
                #expect(try await store.isSealed(source) == false)
            }
        },
        StoreCase("an upload that covers a blob in the clear seals it where it is to be") { store in
            try await store.makeBucket()
            let source = pattern((1 << 20) + 77, seed: 10)
            let clear = try #require(try await store.put("clear", source).content)
            let upload = try await store.create(
                Upload(
                    id: UploadID(""), name: named("copy"), initiatedMilliseconds: 0, isSealed: true)
            )
            let part = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: clear.blob,
                range: 0..<clear.sizeBytes)
            let object = try await store.complete(upload, [part])
            #expect(object.content?.blob == clear.blob)
            #expect(object.content?.isSealed == true)
            #expect(try await store.isSealed(source) == true)
            #expect(try await store.get("copy") == source)
        },
        StoreCase("what is copied from sealed bytes is sealed") { store in
            try await store.makeBucket()
            let source = pattern((1 << 20) + 77, seed: 11)
            let sealed = try #require(try await store.putSealed("sealed", source).content)
            let upload = try await store.open("part")
            let part = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: sealed.blob, range: 5..<1000)
            let object = try await store.complete(upload, [part])
            let slice = try #require(source.getSlice(at: 5, length: 995))
            #expect(object.content?.isSealed == true)
            #expect(try await store.isSealed(slice) == true)
            #expect(try await store.get("part") == slice)
        },
    ]
}
