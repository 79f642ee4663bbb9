// What is kept of a file that is written in several goes.

internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    static let resumeCases: [DriverCase] = [
        DriverCase("a file is gone on with after each close, in small pieces and large ones") {
            driver in
            for (file, sizes) in [[1, 2, 3], [100_000, 1, 70_000], [6 << 20, 5, 6 << 20]]
                .enumerated()
            {
                var whole = ByteBuffer()
                for (turn, size) in sizes.enumerated() {
                    let writer = try await driver.writer(
                        path("/\(file)"), turn == 0 ? .new : .append)
                    #expect(writer.sizeBytes == UInt64(whole.readableBytes))
                    let piece = pattern(size, seed: UInt64(turn + 1))
                    try await writer.write(piece)
                    whole.writeImmutableBuffer(piece)
                    #expect(writer.sizeBytes == UInt64(whole.readableBytes))
                    try await writer.close()
                }
                let writer = try await driver.writer(path("/\(file)"), .append)
                _ = try await writer.commit(ContentDigest(try blobID(whole)))
                #expect(try await driver.getContent(path("/\(file)")) == whole)
            }
        },
        DriverCase("appending goes on with the file that was begun last") { driver in
            for turn in 1...5 {
                let writer = try await driver.writer(path("/a"), .new)
                try await writer.write(pattern(turn))
                try await writer.close()
                let again = try await driver.writer(path("/a"), .append)
                #expect(again.id == writer.id)
                #expect(again.sizeBytes == UInt64(turn))
                try await again.close()
            }
        },
        DriverCase("a writer of one path is none of another, though its name begin alike") {
            driver in
            let writer = try await driver.writer(path("/ab"), .new)
            try await writer.write(pattern(1))
            try await writer.close()
            await refuses(.pathNotFound) { _ = try await driver.writer(path("/a"), .append) }
            await refuses(.writerNotFound) {
                _ = try await driver.writer(path("/a"), .resume(writer.id))
            }
        },
        DriverCase("what is appended whole is there whole, or not at all") { driver in
            let writer = try await driver.writer(path("/a"), .new)
            let piece = pattern(500_000)
            try await writer.append(
                PiecedSource(piece, pieceBytes: 70_000), promise: BodyPromise(sizeBytes: 500_000))
            #expect(writer.sizeBytes == 500_000)
            await #expect(throws: (any Error).self) {
                try await writer.append(
                    PiecedSource(piece, pieceBytes: 70_000, breaksAfter: 3),
                    promise: BodyPromise(sizeBytes: 500_000))
            }
            let second = try await driver.writer(path("/a"), .resume(writer.id))
            #expect(second.sizeBytes == 500_000)
            let wrong = BodyPromise(
                sizeBytes: 500_000, digests: [ContentDigest(try blobID(pattern(1)))])
            await refuses(.digestMismatch) {
                try await second.append(PiecedSource(piece, pieceBytes: 70_000), promise: wrong)
            }
            await refuses(.writerClosed) { try await second.write(pattern(1)) }
            let third = try await driver.writer(path("/a"), .append)
            #expect(third.sizeBytes == 500_000)
            try await third.append(BufferSource(ByteBuffer()), promise: BodyPromise(sizeBytes: 0))
            _ = try await third.commit(nil)
            #expect(try await driver.getContent(path("/a")) == piece)
        },
        DriverCase("what was written and what was appended whole follow each other") { driver in
            let writer = try await driver.writer(path("/a"), .new)
            var whole = ByteBuffer()
            for turn in 0..<3 {
                let (one, two) = (
                    pattern(10_000, seed: UInt64(turn * 2 + 1)),
                    pattern(20_000, seed: UInt64(turn * 2 + 2))
                )
                try await writer.write(one)
                try await writer.append(
                    BufferSource(two), promise: BodyPromise(sizeBytes: 20_000))
                whole.writeImmutableBuffer(one)
                whole.writeImmutableBuffer(two)
                #expect(writer.sizeBytes == UInt64(whole.readableBytes))
            }
            _ = try await writer.commit(nil)
            #expect(try await driver.getContent(path("/a")) == whole)
        },
    ]
}
