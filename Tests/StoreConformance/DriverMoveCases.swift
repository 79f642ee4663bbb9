// How every driver gives files other paths.

internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    static let moveCases: [DriverCase] = [
        DriverCase("a moved file is at its new path alone, with all its bytes") { driver in
            let bytes = pattern(3 << 20)
            try await driver.putContent(path("/a/b"), bytes)
            try await driver.move(path("/a/b"), to: path("/c/d"))
            #expect(try await driver.getContent(path("/c/d")) == bytes)
            await refuses(.pathNotFound) { _ = try await driver.stat(path("/a/b")) }
            await refuses(.pathNotFound) { _ = try await driver.stat(path("/a")) }
        },
        DriverCase("a file that was written bit by bit is moved as well") { driver in
            try await driver.write("/a", [pattern(70_000, seed: 1), pattern(70_000, seed: 2)])
            try await driver.move(path("/a"), to: path("/b"))
            var whole = pattern(70_000, seed: 1)
            whole.writeImmutableBuffer(pattern(70_000, seed: 2))
            #expect(try await driver.getContent(path("/b")) == whole)
        },
        DriverCase("a move replaces what is there") { driver in
            try await driver.make("/a", "/b")
            try await driver.move(path("/a"), to: path("/b"))
            #expect(try await driver.text("/b") == "/a")
            #expect(try await driver.names(in: "/") == ["/b"])
        },
        DriverCase("where the source is missing, or a directory, nothing changes") { driver in
            try await driver.make("/a", "/d/x")
            for text in ["/nothing", "/d"] {
                await refuses(.pathNotFound) { try await driver.move(path(text), to: path("/a")) }
                await refuses(.pathNotFound) { try await driver.move(path(text), to: path(text)) }
            }
            #expect(try await driver.text("/a") == "/a")
            #expect(try await driver.text("/d/x") == "/d/x")
        },
        DriverCase("a file that is moved to where it is stays") { driver in
            try await driver.make("/a")
            try await driver.move(path("/a"), to: path("/a"))
            #expect(try await driver.text("/a") == "/a")
        },
        DriverCase("a path that names a digest takes no other file, and the file stays") { driver in
            let bytes = pattern(1000)
            let hex = try blobID(bytes).hex
            let blob = "/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
            try await driver.make("/wrong")
            await refuses(.digestMismatch) {
                try await driver.move(path("/wrong"), to: path(blob))
            }
            #expect(try await driver.text("/wrong") == "/wrong")
            await refuses(.pathNotFound) { _ = try await driver.stat(path(blob)) }
            try await driver.putContent(path("/right"), bytes)
            try await driver.move(path("/right"), to: path(blob))
            #expect(try await driver.getContent(path(blob)) == bytes)
        },
    ]
}
