// What every driver does with directories, which are implied by what is below them.

internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    static let directoryCases: [DriverCase] = [
        DriverCase("a list has what is directly below, by whole paths and in order") { driver in
            try await driver.make("/d/c", "/d/a/x/y", "/d/a/z", "/d/b", "/e")
            #expect(try await driver.names(in: "/d") == ["/d/a", "/d/b", "/d/c"])
            #expect(try await driver.names(in: "/d/a") == ["/d/a/x", "/d/a/z"])
            #expect(try await driver.names(in: "/") == ["/d", "/e"])
            let files = try await driver.list(path("/d"))
            #expect(files.map(\.isDirectory) == [true, false, false])
            #expect(files[1].sizeBytes == 4)
            let found = try await driver.stat(path("/d/b"))
            #expect(files[1] == found)
        },
        DriverCase("what is no directory cannot be listed or walked") { driver in
            try await driver.make("/d/a")
            for text in ["/nothing", "/d/a", "/d/nothing"] {
                await refuses(.pathNotFound) { _ = try await driver.list(path(text)) }
                await refuses(.pathNotFound) {
                    _ = try await driver.walk(path(text), from: .beginning, limit: 10)
                }
            }
            #expect(try await driver.walk(.root, from: .behind(path("/d")), limit: 10).files == [])
        },
        DriverCase("siblings are in order of their names, directories among them") { driver in
            // In order of keys `v1-a` and `v1.a` come before `v1/`.
            try await driver.make(
                "/t/v1/x", "/t/v1-a/x", "/t/v1.a", "/t/v1.a-b/x", "/t/v1.b/x", "/t/v10", "/t/v0",
                "/t/v/x", "/t/-", "/t/a-", "/t/a/x", "/t/b-", "/t/b.c/x", "/t/b.c.d")
            let expected = [
                "-", "a", "a-", "b-", "b.c", "b.c.d", "v", "v0", "v1", "v1-a", "v1.a", "v1.a-b",
                "v1.b", "v10",
            ].map { "/t/" + $0 }
            #expect(try await driver.names(in: "/t") == expected)
            for limit in 1...4 {
                #expect(try await pages(driver, "/t", limit: limit) == expected)
            }
            for (index, name) in expected.enumerated() {
                let page = try await driver.list(path("/t"), after: path(name), limit: 100)
                #expect(page.files.map(\.path.text) == Array(expected[(index + 1)...]), "\(name)")
                #expect(!page.isTruncated)
            }
        },
        DriverCase("a list goes on behind any path, whether it is there or not") { driver in
            try await driver.make("/d/a", "/d/c/x", "/d/e")
            for (after, expected) in [
                ("/", ["a", "c", "e"]), ("/d", ["a", "c", "e"]), ("/c", ["a", "c", "e"]),
                ("/d/b", ["c", "e"]), ("/d/c", ["e"]), ("/d/c/x/y", ["e"]), ("/d/z", []),
                ("/e", []), ("/d-", []),
            ] {
                let page = try await driver.list(path("/d"), after: path(after), limit: 10)
                #expect(page.files.map(\.path.text) == expected.map { "/d/" + $0 }, "\(after)")
            }
        },
        DriverCase("a page says whether more follow") { driver in
            try await driver.make("/d/a", "/d/b")
            let whole = try await driver.list(path("/d"), after: nil, limit: 2)
            #expect(whole.files.count == 2 && !whole.isTruncated)
            let part = try await driver.list(path("/d"), after: nil, limit: 1)
            #expect(part.files.count == 1 && part.isTruncated)
        },
        DriverCase("a directory goes with all that is below it, and nothing beside it") { driver in
            try await driver.make(
                "/d/a/x", "/d/a/y/z", "/d/ab/x", "/d/a-b", "/d/a.b/c", "/d/a0", "/e")
            let writer = try await driver.writer(path("/d/a/being/written"), .new)
            try await writer.write(pattern(10))
            try await writer.close()
            let other = try await driver.writer(path("/d/ab/being/written"), .new)
            try await other.write(pattern(10))
            try await other.close()
            try await driver.delete(path("/d/a"))
            #expect(try await driver.names(in: "/d") == ["/d/a-b", "/d/a.b", "/d/a0", "/d/ab"])
            for text in ["/d/a", "/d/a/x", "/d/a/y/z"] {
                await refuses(.pathNotFound) { _ = try await driver.stat(path(text)) }
            }
            await refuses(.writerNotFound) {
                _ = try await driver.writer(path("/d/a/being/written"), .resume(writer.id))
            }
            let kept = try await driver.writer(path("/d/ab/being/written"), .resume(other.id))
            #expect(kept.sizeBytes == 10)
            await refuses(.pathNotFound) { try await driver.delete(path("/d/a")) }
            try await driver.delete(path("/d"))
            #expect(try await driver.names(in: "/") == ["/e"])
            try await driver.delete(path("/e"))
            #expect(try await driver.names(in: "/").isEmpty)
        },
        DriverCase("a file goes without what begins like it; what is only being written goes too") {
            driver in
            try await driver.make("/a", "/ab", "/a.b")
            try await driver.delete(path("/a"))
            #expect(try await driver.names(in: "/") == ["/a.b", "/ab"])
            let writer = try await driver.writer(path("/a"), .new)
            try await writer.close()
            try await driver.delete(path("/a"))
            await refuses(.writerNotFound) {
                _ = try await driver.writer(path("/a"), .resume(writer.id))
            }
            await refuses(.pathNotFound) { try await driver.delete(path("/a")) }
        },
        DriverCase("more than a page goes at once") { driver in
            for number in 0..<1100 {
                try await driver.putContent(path("/d/\(number)/x"), ByteBuffer())
            }
            try await driver.make("/d2")
            #expect(try await driver.names(in: "/d").count == 1100)
            try await driver.delete(path("/d"))
            #expect(try await driver.names(in: "/") == ["/d2"])
        },
    ]
}

/// The names of all pages.
private func pages(
    _ driver: any StorageDriver, _ directory: String, limit: Int
) async throws -> [String] {
    var names: [String] = []
    while true {
        let page = try await driver.list(
            path(directory), after: try names.last.map(path), limit: limit)
        #expect(page.files.count <= limit)
        names += page.files.map(\.path.text)
        guard page.isTruncated else { return names }
    }
}
