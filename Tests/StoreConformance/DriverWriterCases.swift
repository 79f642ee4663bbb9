// What every driver does with files that are written bit by bit.

internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    static let writerCases: [DriverCase] = [
        DriverCase("a stream of many MiB comes back") { driver in
            let pieces = (0..<24).map { pattern(1 << 20, seed: $0 + 1) }
            let writer = try await driver.writer(path("/a"), .new)
            for piece in pieces { try await writer.write(piece) }
            #expect(writer.sizeBytes == 24 << 20)
            let file = try await writer.commit(nil)
            #expect(file.sizeBytes == 24 << 20)
            let reader = try await driver.reader(path("/a"), offset: 0, length: nil)
            var bytes = ByteBuffer()
            while let segment = try await reader.source.next() { try segment.append(to: &bytes) }
            for piece in pieces { #expect(bytes.readSlice(length: 1 << 20) == piece) }
            #expect(bytes.readableBytes == 0)
        },
        DriverCase("nothing is seen of a file before it is committed") { driver in
            let writer = try await driver.writer(path("/d/a"), .new)
            try await writer.write(pattern(100_000))
            await refuses(.pathNotFound) { _ = try await driver.stat(path("/d/a")) }
            try await driver.make("/d/a")
            let other = try await driver.writer(path("/d/b"), .new)
            try await other.write(pattern(1))
            try await other.close()
            #expect(try await driver.names(in: "/d") == ["/d/a"])
            #expect(try await driver.text("/d/a") == "/d/a")
            _ = try await writer.commit(nil)
            #expect(try await driver.getContent(path("/d/a")) == pattern(100_000))
        },
        DriverCase("a file of nothing is written, and then appended to") { driver in
            let writer = try await driver.writer(path("/a"), .new)
            #expect(try await writer.commit(nil).sizeBytes == 0)
            #expect(try await driver.getContent(path("/a")) == ByteBuffer())
            let more = try await driver.writer(path("/a"), .append)
            #expect(more.sizeBytes == 0)
            try await more.write(pattern(70_000))
            _ = try await more.commit(nil)
            #expect(try await driver.getContent(path("/a")) == pattern(70_000))
            // The same of a file that was put.
            try await driver.putContent(path("/b"), ByteBuffer())
            let third = try await driver.writer(path("/b"), .append)
            try await third.write(pattern(10))
            _ = try await third.commit(nil)
            #expect(try await driver.getContent(path("/b")) == pattern(10))
        },
        DriverCase("what was committed is gone on with by a copy of it") { driver in
            try await driver.putContent(path("/a"), pattern(100_000))
            let writer = try await driver.writer(path("/a"), .append)
            #expect(writer.sizeBytes == 100_000)
            try await writer.write(pattern(50_000, seed: 2))
            try await writer.close()
            #expect(try await driver.getContent(path("/a")) == pattern(100_000))
            let again = try await driver.writer(path("/a"), .append)
            #expect(again.sizeBytes == 150_000)
            _ = try await again.commit(nil)
            var whole = pattern(100_000)
            whole.writeImmutableBuffer(pattern(50_000, seed: 2))
            #expect(try await driver.getContent(path("/a")) == whole)
        },
        DriverCase("there is nothing to append to where there is nothing") { driver in
            try await driver.make("/d/a")
            for text in ["/nothing", "/d"] {
                await refuses(.pathNotFound) { _ = try await driver.writer(path(text), .append) }
            }
        },
        DriverCase("a promised digest is verified, and so is the one that a path names") { driver in
            let bytes = pattern(300_000)
            let digest = ContentDigest(try blobID(bytes))
            let writer = try await driver.writer(path("/a"), .new)
            try await writer.write(bytes)
            let wrong = ContentDigest(try blobID(pattern(1)))
            await refuses(.digestMismatch) { _ = try await writer.commit(wrong) }
            await refuses(.pathNotFound) { _ = try await driver.stat(path("/a")) }
            let again = try await driver.writer(path("/a"), .resume(writer.id))
            #expect(again.sizeBytes == 300_000, "nothing of it is lost")
            _ = try await again.commit(digest)
            let hex = wrong.hex
            let blob = "/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
            let other = try await driver.writer(path(blob), .new)
            try await other.write(bytes)
            await refuses(.digestMismatch) { _ = try await other.commit(digest) }
            await refuses(.pathNotFound) { _ = try await driver.stat(path(blob)) }
        },
        DriverCase("a sha512 is verified as well") { driver in
            let zeros = try #require(ContentDigest(.sha512, bytes: Array(repeating: 0, count: 64)))
            let writer = try await driver.writer(path("/a"), .new)
            try await writer.write(pattern(10))
            await refuses(.digestMismatch) { _ = try await writer.commit(zeros) }
        },
        DriverCase("a cancelled file is gone") { driver in
            let writer = try await driver.writer(path("/a"), .new)
            try await writer.write(pattern(100))
            try await writer.cancel()
            await refuses(.pathNotFound) { _ = try await driver.writer(path("/a"), .append) }
            await refuses(.writerNotFound) {
                _ = try await driver.writer(path("/a"), .resume(writer.id))
            }
        },
        DriverCase("nothing follows the end of a writer, but closing it") { driver in
            for end in 0..<3 {
                let writer = try await driver.writer(path("/a\(end)"), .new)
                try await writer.write(pattern(10))
                switch end {
                case 0: try await writer.close()
                case 1: try await writer.cancel()
                default: _ = try await writer.commit(nil)
                }
                await refuses(.writerClosed) { try await writer.write(pattern(1)) }
                await refuses(.writerClosed) {
                    try await writer.append(BufferSource(pattern(1)), promise: BodyPromise())
                }
                await refuses(.writerClosed) { _ = try await writer.commit(nil) }
                await refuses(.writerClosed) { try await writer.cancel() }
                try await writer.close()
            }
        },
        DriverCase("many files are written at once") { driver in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for file in 0..<8 {
                    group.addTask {
                        let pieces = (0..<6).map { pattern(200_000, seed: UInt64(file * 10 + $0)) }
                        try await driver.write("/d/\(file)", pieces)
                        var whole = ByteBuffer()
                        for piece in pieces { whole.writeImmutableBuffer(piece) }
                        #expect(try await driver.getContent(path("/d/\(file)")) == whole)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await driver.names(in: "/d").count == 8)
        },
        DriverCase("of two new writers of one path each has its own, and the last commit counts") {
            driver in
            let one = try await driver.writer(path("/a"), .new)
            let two = try await driver.writer(path("/a"), .new)
            #expect(one.id != two.id)
            try await one.write(pattern(10, seed: 1))
            try await two.write(pattern(20, seed: 2))
            _ = try await two.commit(nil)
            _ = try await one.commit(nil)
            #expect(try await driver.getContent(path("/a")) == pattern(10, seed: 1))
        },
    ]
}
