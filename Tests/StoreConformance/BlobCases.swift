// What every blob store does.

internal import Checksums
internal import NIOCore
internal import Storage
internal import Testing

extension StoreCase {
    static let blobCases: [StoreCase] = [
        StoreCase("a blob of any size reads back byte for byte") { store in
            let sizes = [0, 1, 8192, 8193, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 5]
            for size in sizes {
                let bytes = pattern(size, seed: UInt64(size + 1))
                let staged = try await store.stage(bytes: bytes)
                let info = try await store.keep(staged)
                #expect(try info.blob == blobID(bytes))
                #expect(info.sizeBytes == UInt64(size))
                let read = try await store.content(of: info.blob, limitBytes: 8 << 20)
                #expect(read == bytes, "\(size) bytes")
            }
        },
        StoreCase("a range reads exactly its bytes") { store in
            let bytes = pattern((2 << 20) + 777)
            let blob = try await store.keep(store.stage(bytes: bytes)).blob
            let end = bytes.readableBytes
            let ranges = [
                0..<1, 0..<0, 1..<2, (1 << 20) - 1..<(1 << 20) + 1, end - 1..<end, 5..<end,
                end..<end,
                (1 << 20)..<(2 << 20),
            ]
            for range in ranges {
                var read = ByteBuffer()
                let source = try await store.read(
                    blob, range: UInt64(range.lowerBound)..<UInt64(range.upperBound))
                while let segment = try await source.next() { try segment.append(to: &read) }
                #expect(read == bytes.getSlice(at: range.lowerBound, length: range.count))
            }
        },
        StoreCase("a range beyond the blob, and a blob that is not here, are refused") { store in
            let blob = try await store.keep(store.stage(bytes: pattern(100))).blob
            await expect(.invalidRange) { _ = try await store.read(blob, range: 50..<101) }
            let other = try blobID(pattern(3))
            await expect(.noSuchBlob) { _ = try await store.read(other, range: 0..<1) }
            #expect(try await store.stat(other) == nil)
        },
        StoreCase("a body written in pieces is the same blob") { store in
            let bytes = pattern((1 << 20) + 333)
            let staging = try await store.stage(HashPlan(md5: true), expectedBytes: nil)
            var rest = bytes
            for size in sequence(first: 1, next: { $0 * 3 }) {
                let next = rest.readSlice(length: min(size, rest.readableBytes))
                try await staging.write(try #require(next))
                if rest.readableBytes == 0 { break }
            }
            let info = try await store.keep(staging.finish(BodyPromise()))
            #expect(try info.blob == blobID(bytes))
            #expect(try await store.content(of: info.blob, limitBytes: 2 << 20) == bytes)
        },
        StoreCase("a body that breaks its promise leaves nothing behind") { store in
            let bytes = pattern(5000)
            let wrong = [UInt8](repeating: 0, count: 64)
            let digest = try #require(ContentDigest(.sha512, bytes: wrong))
            let promises: [(BodyPromise, StorageError.Code)] = [
                (BodyPromise(sizeBytes: 4999), .sizeMismatch),
                (BodyPromise(md5: Array(wrong.prefix(16))), .digestMismatch),
                (BodyPromise(digests: [digest]), .digestMismatch),
                (BodyPromise(checksums: [.crc32c: [0, 0, 0, 0]]), .digestMismatch),
            ]
            let plan = HashPlan(md5: true, sha512: true, checksums: [.crc32c])
            for (promise, code) in promises {
                await expect(code) {
                    _ = try await store.stage(bytes: bytes, plan: plan, promise: promise)
                }
            }
            #expect(try await store.stat(blobID(bytes)) == nil)
        },
        StoreCase("promises that hold are kept, and every hash asked for is told") { store in
            let bytes = pattern((1 << 20) + 1)
            let sha512 = MessageDigest.hash(.sha512, bytes)
            let crc = ChecksumHasher(.crc64nvme)
            crc.update(bytes)
            let expected = crc.finish()
            let promise = try BodyPromise(
                sizeBytes: UInt64(bytes.readableBytes), md5: MessageDigest.hash(.md5, bytes),
                digests: [
                    ContentDigest(blobID(bytes)), #require(ContentDigest(.sha512, bytes: sha512)),
                ],
                checksums: [.crc64nvme: expected])
            let plan = HashPlan(md5: true, sha512: true, checksums: [.crc64nvme, .sha1])
            let staged = try await store.stage(bytes: bytes, plan: plan, promise: promise)
            #expect(staged.sha512 == sha512)
            #expect(staged.checksums[.crc64nvme] == expected)
            #expect(staged.checksums[.sha1] == MessageDigest.hash(.sha1, bytes))
        },
        StoreCase("a staged blob is not there before it is committed") { store in
            let bytes = pattern(20_000)
            let staged = try await store.stage(bytes: bytes)
            #expect(try await store.stat(blobID(bytes)) == nil)
            _ = try await store.keep(staged)
            _ = try await store.keep(store.stage(bytes: bytes))
            let info = try await store.stat(blobID(bytes))
            #expect(info?.sizeBytes == 20_000)
            #expect(info?.isDamaged == false)
        },
    ]
}
