// What every upload store does with whole uploads.

internal import Checksums
internal import NIOCore
internal import Storage
internal import Testing

let leastPart = 5 << 20

extension UploadStore {
    func open(_ key: String, checksum: ChecksumAlgorithm? = nil) async throws -> Upload {
        let template = Upload(
            id: UploadID(""), name: named(key), initiatedMilliseconds: 0,
            headers: ContentHeaders(contentType: "x/y"), checksumAlgorithm: checksum)
        return try await create(template)
    }
}

extension UploadStore where Self: BlobStore {
    @discardableResult
    func putPart(_ upload: Upload, _ number: Int, _ bytes: ByteBuffer) async throws -> UploadPart {
        let checksums = Set([upload.checksumAlgorithm].compactMap { $0 })
        let plan = HashPlan(sha256: false, md5: true, checksums: checksums)
        let staged = try await stage(bytes: bytes, plan: plan)
        return try await putPart(upload.id, of: upload.name, number: number, staged: staged)
    }

    func complete(
        _ upload: Upload, _ parts: [UploadPart], promise: BodyPromise = BodyPromise()
    ) async throws -> ObjectVersion {
        let named = parts.map { CompletedPart(number: $0.number, etag: $0.etag) }
        return try await complete(
            upload.id, of: upload.name, Completion(parts: named, promise: promise))
    }
}

extension StoreCase {
    static let uploadCases: [StoreCase] = [
        StoreCase("parts in any order make the object, whose digest is checked") { store in
            try await store.makeBucket()
            let upload = try await store.open("a", checksum: .crc32)
            let pieces = [
                pattern(leastPart, seed: 1), pattern(leastPart + 3, seed: 2), pattern(7, seed: 3),
            ]
            var parts: [Int: UploadPart] = [:]
            for index in [2, 0, 1] {
                parts[index] = try await store.putPart(upload, index * 10 + 1, pieces[index])
            }
            let sorted = try [0, 1, 2].map { try #require(parts[$0]) }
            var whole = ByteBuffer()
            for piece in pieces { whole.writeImmutableBuffer(piece) }
            let promise = try BodyPromise(digests: [ContentDigest(blobID(whole))])
            let object = try await store.complete(upload, sorted, promise: promise)
            let recorded = try #require(object.content)
            #expect(try recorded.blob == blobID(whole))
            #expect(recorded.etag == MultipartRules.etag(of: sorted))
            #expect(recorded.partSizes == pieces.map { UInt64($0.readableBytes) })
            #expect(recorded.headers.contentType == "x/y")
            #expect(recorded.checksum?.kind == .composite)
            #expect(try await store.get("a") == whole)
            #expect(try await store.complete(upload, sorted) == object)
        },
        StoreCase("a broken promise, order, size or part keeps the session open") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            let one = try await store.putPart(upload, 1, pattern(leastPart))
            let two = try await store.putPart(upload, 2, pattern(9))
            let three = try await store.putPart(upload, 3, pattern(9))
            await expect(.invalidPartOrder) { _ = try await store.complete(upload, [two, one]) }
            await expect(.partTooSmall) { _ = try await store.complete(upload, [two, three]) }
            var other = two
            other.etag = one.etag
            await expect(.invalidPart) { _ = try await store.complete(upload, [one, other]) }
            other.number = 4
            await expect(.invalidPart) { _ = try await store.complete(upload, [one, other]) }
            let promise = try BodyPromise(digests: [ContentDigest(blobID(pattern(1)))])
            await expect(.digestMismatch) {
                _ = try await store.complete(upload, [one, two], promise: promise)
            }
            #expect(try await store.get("a") == nil)
            _ = try await store.complete(upload, [one, two])
            #expect(try await store.get("a")?.readableBytes == leastPart + 9)
        },
        StoreCase("a part is replaced by a later one of its number") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            let old = try await store.putPart(upload, 1, pattern(leastPart, seed: 1))
            let two = try await store.putPart(upload, 2, pattern(10, seed: 2))
            let new = try await store.putPart(upload, 1, pattern(leastPart, seed: 3))
            await expect(.invalidPart) { _ = try await store.complete(upload, [old, two]) }
            _ = try await store.complete(upload, [new, two])
            var whole = pattern(leastPart, seed: 3)
            whole.writeImmutableBuffer(pattern(10, seed: 2))
            #expect(try await store.get("a") == whole)
        },
        StoreCase("a single part of nothing makes an empty object") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            let part = try await store.putPart(upload, 1, ByteBuffer())
            _ = try await store.complete(upload, [part])
            #expect(try await store.get("a") == ByteBuffer())
        },
        StoreCase("an upload that was ended or never was is not there") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            try await store.abort(upload.id, of: upload.name)
            await expect(.noSuchUpload) { try await store.abort(upload.id, of: upload.name) }
            await expect(.noSuchUpload) { try await store.putPart(upload, 1, pattern(1)) }
            await expect(.noSuchUpload) {
                _ = try await store.parts(of: upload.id, upload.name, after: 0, limit: 1)
            }
            let other = try await store.open("b")
            await expect(.noSuchUpload) { _ = try await store.upload(other.id, of: named("a")) }
            #expect(try await store.upload(other.id, of: named("b")) == other)
        },
        StoreCase("a fetch ends as a blob without a name") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            let one = try await store.putPart(upload, 1, pattern(leastPart))
            let two = try await store.putPart(upload, 2, pattern(1))
            var whole = pattern(leastPart)
            whole.writeImmutableBuffer(pattern(1))
            let parts = [one, two].map { CompletedPart(number: $0.number, etag: $0.etag) }
            var completion = Completion(parts: parts)
            completion.promise.digests = [ContentDigest(try blobID(pattern(2)))]
            await expect(.digestMismatch) {
                _ = try await store.completeBlob(upload.id, of: upload.name, completion)
            }
            completion.promise.digests = [ContentDigest(try blobID(whole))]
            let info = try await store.completeBlob(upload.id, of: upload.name, completion)
            #expect(try await store.content(of: info.blob, limitBytes: 8 << 20) == whole)
            #expect(try await store.get("a") == nil)
            #expect(
                try await store.completeBlob(upload.id, of: upload.name, completion) == info,
                "ending it again says the same")
        },
        StoreCase("parts staged without MD5 make a blob by what the list says of them") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            var whole = ByteBuffer()
            for number in 1...3 {
                let staged = try await store.stage(
                    bytes: pattern(70_000, seed: UInt64(number)), plan: HashPlan(sha256: false))
                _ = try await store.putPart(
                    upload.id, of: upload.name, number: number, staged: staged)
                whole.writeImmutableBuffer(pattern(70_000, seed: UInt64(number)))
            }
            let page = try await store.parts(of: upload.id, upload.name, after: 0, limit: 10)
            #expect(Set(page.parts.map(\.etag)).count == 3)
            let parts = page.parts.map { CompletedPart(number: $0.number, etag: $0.etag) }
            let promise = BodyPromise(digests: [ContentDigest(try blobID(whole))])
            let info = try await store.completeBlob(
                upload.id, of: upload.name,
                Completion(parts: parts, promise: promise, leastPartBytes: 0))
            #expect(try await store.content(of: info.blob, limitBytes: 8 << 20) == whole)
        },
        StoreCase("uploads are listed by key and by age, from any marker") { store in
            try await store.makeBucket()
            var opened: [Upload] = []
            for key in ["b", "a/1", "a/2", "a/1", "c"] { opened.append(try await store.open(key)) }
            let sorted = opened.sorted { $0.precedes($1) }
            #expect(try await ids(UploadListRequest(bucket: bucket), store) == sorted.map(\.id))
            for limit in [1, 2] {
                let request = UploadListRequest(bucket: bucket, limit: limit)
                #expect(try await ids(request, store) == sorted.map(\.id))
            }
            let prefixed = UploadListRequest(bucket: bucket, prefix: "a/1")
            #expect(try await ids(prefixed, store) == sorted.prefix(2).map(\.id))
            let past = UploadListRequest(bucket: bucket, after: .key("a/1"))
            #expect(try await ids(past, store) == sorted.dropFirst(2).map(\.id))
            let rolled = UploadListRequest(bucket: bucket, delimiter: [UInt8(ascii: "/")])
            let page = try await store.uploads(rolled)
            #expect(page.entries.first == .commonPrefix("a/"))
            #expect(page.entries.count == 3)
        },
    ]
}

/// The uploads of all pages, paged by the last upload alone, as Distribution does.
private func ids(
    _ request: UploadListRequest, _ store: any WholeStore
) async throws -> [UploadID] {
    var request = request
    var result: [UploadID] = []
    while true {
        let page = try await store.uploads(request)
        for case .upload(let upload) in page.entries { result.append(upload.id) }
        guard page.isTruncated, let last = result.last else { return result }
        request.after = .upload(last, key: nil)
    }
}
