// What every upload store does with parts: lists, and copies by reference.

internal import NIOCore
internal import Storage
internal import Testing

extension StoreCase {
    static let partCases: [StoreCase] = [
        StoreCase("parts are listed by number, page by page, at once") { store in
            try await store.makeBucket()
            let upload = try await store.open("a")
            for number in [5, 1, 10_000, 3] {
                try await store.putPart(upload, number, pattern(number))
            }
            let first = try await store.parts(of: upload.id, upload.name, after: 0, limit: 3)
            #expect(first.parts.map(\.number) == [1, 3, 5])
            #expect(first.parts.map(\.sizeBytes) == [1, 3, 5])
            #expect(first.isTruncated)
            let rest = try await store.parts(of: upload.id, upload.name, after: 5, limit: 1)
            #expect(rest.parts.map(\.number) == [10_000])
            #expect(!rest.isTruncated)
            await expect(.invalidArgument) { try await store.putPart(upload, 0, pattern(1)) }
            await expect(.invalidArgument) { try await store.putPart(upload, 10_001, pattern(1)) }
        },
        StoreCase("copies that cover a blob in order are that blob") { store in
            try await store.makeBucket()
            let source = try await store.put("s", pattern((7 << 20) + 11))
            let blob = try #require(source.content?.blob)
            let cut = UInt64(leastPart) + 1
            let upload = try await store.open("a")
            let one = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: blob, range: 0..<cut)
            let two = try await store.copyPart(
                upload.id, of: upload.name, number: 2, blob: blob, range: cut..<(7 << 20) + 11)
            #expect(one.etag == MultipartRules.etag(ofCopied: blob, range: 0..<cut))
            let object = try await store.complete(upload, [one, two])
            #expect(object.content?.blob == blob)
            #expect(object.content?.etag.hasSuffix("-2") == true)
        },
        StoreCase("a copied range and new bytes join at any offset") { store in
            try await store.makeBucket()
            let bytes = pattern((8 << 20) + 77)
            let blob = try #require(try await store.put("s", bytes).content?.blob)
            let range = (1 << 20) + 13..<(7 << 20) + 5
            let upload = try await store.open("a")
            let one = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: blob,
                range: UInt64(range.lowerBound)..<UInt64(range.upperBound))
            let two = try await store.putPart(upload, 2, pattern(5, seed: 9))
            _ = try await store.complete(upload, [one, two])
            var whole = try #require(bytes.getSlice(at: range.lowerBound, length: range.count))
            whole.writeImmutableBuffer(pattern(5, seed: 9))
            #expect(try await store.get("a") == whole)
        },
        StoreCase("the whole of an object goes on as part 1 of an upload of its own name") {
            store in
            try await store.makeBucket()
            let bytes = pattern(leastPart, seed: 4)
            let blob = try #require(try await store.put("a", bytes).content?.blob)
            let upload = try await store.open("a")
            let one = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: blob, range: 0..<UInt64(leastPart))
            let two = try await store.putPart(upload, 2, pattern(100, seed: 5))
            _ = try await store.complete(upload, [one, two])
            var whole = bytes
            whole.writeImmutableBuffer(pattern(100, seed: 5))
            #expect(try await store.get("a") == whole)
        },
        StoreCase("a copy outlives its source, and refuses what is not there") { store in
            try await store.makeBucket()
            let blob = try #require(try await store.put("s", pattern(leastPart)).content?.blob)
            let upload = try await store.open("a")
            let size = UInt64(leastPart)
            await expect(.invalidRange) {
                _ = try await store.copyPart(
                    upload.id, of: upload.name, number: 1, blob: blob, range: 1..<size + 1)
            }
            let missing = try blobID(pattern(3))
            await expect(.noSuchBlob) {
                _ = try await store.copyPart(
                    upload.id, of: upload.name, number: 1, blob: missing, range: 0..<1)
            }
            let part = try await store.copyPart(
                upload.id, of: upload.name, number: 1, blob: blob, range: 0..<size)
            try await store.commit(.delete(named("s"), .none))
            _ = try await store.complete(upload, [part])
            #expect(try await store.get("a") == pattern(leastPart))
        },
    ]
}
