// What every driver does with single files.

internal import Checksums
internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    static let fileCases: [DriverCase] = [
        DriverCase("the root is there, and empty at first") { driver in
            #expect(try await driver.stat(.root).isDirectory)
            #expect(try await driver.list(.root).isEmpty)
            try await driver.make("/a")
            #expect(try await driver.stat(.root).isDirectory)
        },
        DriverCase("what is a path is taken as it is") { driver in
            let texts = [
                "/a", "/2", "/aa", "/a.a", "/0-9/abcdefg", "/abcdefg/z.75", "/.abc", "/..abc",
                "/abc.", "/a/../b", "/a/./b", "/.", "/a-_.b/c__d/--",
                "/" + String(repeating: "x", count: 1000),
            ]
            for text in texts {
                try await driver.make(text)
                #expect(try await driver.text(text) == text)
            }
        },
        DriverCase("what is no path is none") { driver in
            let texts = [
                "", "a", "//", "/a/", "//a", "/a//b", "/a b", "/a%20b", "/ü", "/a\u{0}", "/a:b",
                "a/b", "abc", "123.abc", "/abc/", "/abcdefg/\\z", "/a?b", "/a+b",
                "/" + String(repeating: "x", count: 1025),
            ]
            for text in texts {
                await refuses(.invalidPath) { _ = try DriverPath(text) }
            }
            // The root is a directory, always.
            await refuses(.invalidPath) { try await driver.putContent(.root, ByteBuffer()) }
            await refuses(.invalidPath) { _ = try await driver.writer(.root, .new) }
            await refuses(.invalidPath) { try await driver.delete(.root) }
            await refuses(.invalidPath) { try await driver.move(.root, to: path("/a")) }
            await refuses(.invalidPath) { try await driver.move(path("/a"), to: .root) }
        },
        DriverCase("a file is read as it was put, whatever its size") { driver in
            for size in [0, 1, 32, 4096, 70_000, 3 << 20] {
                let bytes = pattern(size, seed: UInt64(size))
                let file = try await driver.putContent(path("/d/\(size)"), bytes)
                #expect(file.sizeBytes == UInt64(size) && !file.isDirectory)
                #expect(try await driver.getContent(path("/d/\(size)")) == bytes)
            }
        },
        DriverCase("putting again truncates, each time") { driver in
            for size in [5 << 20, 10, 0, 100_000, 1] {
                let bytes = pattern(size, seed: UInt64(size) + 1)
                try await driver.putContent(path("/a"), bytes)
                #expect(try await driver.getContent(path("/a")) == bytes)
                #expect(try await driver.stat(path("/a")).sizeBytes == UInt64(size))
            }
        },
        DriverCase("who reads while a file is put again sees one of its contents, whole") {
            driver in
            let contents = [0, 700_000, 10, 3 << 20].map { pattern($0, seed: UInt64($0)) }
            try await driver.putContent(path("/a"), contents[0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<25 {
                            let seen = try await driver.getContent(path("/a"))
                            #expect(contents.contains(seen))
                        }
                    }
                }
                for round in 1...24 {
                    try await driver.putContent(path("/a"), contents[round % contents.count])
                }
                try await group.waitForAll()
            }
        },
        DriverCase("a body that breaks off, or is not what was promised, changes nothing") {
            driver in
            try await driver.make("/a")
            let bytes = pattern(300_000)
            await #expect(throws: (any Error).self) {
                _ = try await driver.putContent(
                    path("/a"), PiecedSource(bytes, pieceBytes: 70_000, breaksAfter: 2),
                    promise: BodyPromise(sizeBytes: 300_000))
            }
            let wrong = BodyPromise(
                sizeBytes: 300_000, digests: [ContentDigest(try blobID(pattern(1)))])
            await refuses(.digestMismatch) {
                _ = try await driver.putContent(
                    path("/a"), PiecedSource(bytes, pieceBytes: 70_000), promise: wrong)
            }
            for length in [299_999, 300_001] {
                await refuses(.sizeMismatch) {
                    _ = try await driver.putContent(
                        path("/a"), PiecedSource(bytes, pieceBytes: 70_000),
                        promise: BodyPromise(sizeBytes: UInt64(length)))
                }
            }
            #expect(try await driver.text("/a") == "/a")
            let right = BodyPromise(
                sizeBytes: 300_000, digests: [ContentDigest(try blobID(bytes))])
            _ = try await driver.putContent(
                path("/a"), PiecedSource(bytes, pieceBytes: 70_000), promise: right)
            #expect(try await driver.getContent(path("/a")) == bytes)
        },
        DriverCase("a path that names a digest takes no other bytes") { driver in
            let bytes = pattern(1000)
            let digest = try blobID(bytes).hex
            let blob = "/docker/registry/v2/blobs/sha256/\(digest.prefix(2))/\(digest)/data"
            await refuses(.digestMismatch) { try await driver.putContent(path(blob), pattern(999)) }
            await refuses(.pathNotFound) { _ = try await driver.stat(path(blob)) }
            try await driver.putContent(path(blob), bytes)
            #expect(try await driver.getContent(path(blob)) == bytes)
        },
        DriverCase("a read begins at its offset and ends at its length") { driver in
            let bytes = pattern(2 << 20)
            try await driver.putContent(path("/a"), bytes)
            for offset in [0, 1, 999_999, 1 << 20, (2 << 20) - 1] {
                let rest = bytes.getSlice(at: offset, length: bytes.readableBytes - offset)
                #expect(try await driver.read("/a", from: Int64(offset)) == rest)
                #expect(
                    try await driver.read("/a", from: Int64(offset), length: 1)
                        == bytes.getSlice(at: offset, length: 1))
            }
            for offset in [Int64(2 << 20), 2 << 21, .max] {
                #expect(try await driver.read("/a", from: offset) == ByteBuffer())
            }
            #expect(try await driver.read("/a", from: 5, length: 0) == ByteBuffer())
            #expect(
                try await driver.read("/a", from: (2 << 20) - 3, length: .max).readableBytes == 3)
            for offset in [Int64(-1), .min] {
                await refuses(.invalidOffset) { _ = try await driver.read("/a", from: offset) }
            }
        },
        DriverCase("what is not there, or is a directory, cannot be read") { driver in
            try await driver.make("/a/b")
            for text in ["/nothing", "/a", "/a/b/c"] {
                await refuses(.pathNotFound) { _ = try await driver.read(text, from: 0) }
                await refuses(.pathNotFound) { _ = try await driver.getContent(path(text)) }
            }
        },
        DriverCase("content above the limit of the caller is not collected") { driver in
            try await driver.putContent(path("/a"), pattern(1001))
            await refuses(.limitExceeded) {
                _ = try await driver.getContent(path("/a"), limitBytes: 1000)
            }
            #expect(
                try await driver.getContent(path("/a"), limitBytes: 1001).readableBytes == 1001)
        },
        DriverCase(
            "a file has its size and time, a directory neither",
            timed: { fixture in
                let driver = fixture.driver
                let before = fixture.clock.milliseconds()
                try await driver.putContent(path("/a/b"), pattern(1234))
                let after = fixture.clock.milliseconds()
                let file = try await driver.stat(path("/a/b"))
                #expect(file.path.text == "/a/b" && file.sizeBytes == 1234 && !file.isDirectory)
                let modified = try #require(file.modifiedMilliseconds)
                #expect(modified >= before - 5000 && modified <= after + 5000)
                let directory = try await driver.stat(path("/a"))
                #expect(directory == FileInfo(path: try path("/a")))
                await refuses(.pathNotFound) { _ = try await driver.stat(path("/nothing")) }
                await refuses(.pathNotFound) { _ = try await driver.stat(path("/a/b/c")) }
            }),
        DriverCase("many read one file at once, and see all of it") { driver in
            let bytes = pattern(4 << 20)
            try await driver.putContent(path("/a"), bytes)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for reader in 0..<16 {
                    group.addTask {
                        let offset = reader * 100_000
                        return try await driver.read("/a", from: Int64(offset))
                            == bytes.getSlice(at: offset, length: bytes.readableBytes - offset)
                    }
                }
                for try await isWhole in group { #expect(isWhole) }
            }
        },
        DriverCase("a redirect is a URL of the file, or none") { driver in
            try await driver.make("/a/b")
            for method in RedirectMethod.allCases {
                guard let url = try await driver.redirect(path("/a/b"), method) else { continue }
                #expect(url.hasPrefix("http") && url.contains("/a/b?"))
            }
            await refuses(.invalidPath) { _ = try await driver.redirect(.root, .get) }
        },
    ]
}
