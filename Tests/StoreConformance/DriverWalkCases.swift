// How every driver walks: depth first, in order of paths, from anywhere.

internal import NIOCore
internal import Storage
internal import Testing

extension DriverCase {
    /// Files, and everything that a walk shows of them.
    private static let files = [
        "/r/a-b/m/t/1", "/r/a/l/x", "/r/a/m/t/1", "/r/a/m/t/2", "/r/a.b", "/r/b", "/r/c/d/e/f",
    ]
    private static let walked = [
        "/r/a", "/r/a/l", "/r/a/l/x", "/r/a/m", "/r/a/m/t", "/r/a/m/t/1", "/r/a/m/t/2", "/r/a-b",
        "/r/a-b/m", "/r/a-b/m/t", "/r/a-b/m/t/1", "/r/a.b", "/r/b", "/r/c", "/r/c/d", "/r/c/d/e",
        "/r/c/d/e/f",
    ]

    static let walkCases: [DriverCase] = [
        DriverCase("a walk goes depth first, each directory before what is in it") { driver in
            for file in files { try await driver.make(file) }
            try await driver.make("/q", "/s/t")
            let page = try await driver.walk(path("/r"), from: .beginning, limit: 1000)
            #expect(page.files.map(\.path.text) == walked)
            #expect(!page.isTruncated)
            for file in page.files {
                #expect(file.isDirectory == !files.contains(file.path.text), "\(file.path)")
                #expect(file.isDirectory || file.sizeBytes == file.path.text.utf8.count)
            }
            #expect(page.files.map(\.path).sorted() == page.files.map(\.path))
            let all = try await driver.walk(.root, from: .beginning, limit: 1000)
            #expect(all.files.map(\.path.text) == ["/q", "/r"] + walked + ["/s", "/s/t"])
        },
        DriverCase("a walk of pages is the same walk") { driver in
            for file in files { try await driver.make(file) }
            for limit in [1, 2, 3, 7, 16, 17] {
                #expect(try await visited(driver, pageEntries: limit) == walked, "\(limit)")
            }
        },
        DriverCase("a walk begins behind any path, whether it is there or not") { driver in
            for file in files { try await driver.make(file) }
            let hints = walked + ["/", "/a", "/r", "/r/a/m/a", "/r/a/zz/y", "/r/a0", "/r/z", "/z"]
            for hint in hints {
                let start = try path(hint)
                let expected = try walked.filter { try path($0) > start }
                #expect(try await visited(driver, after: start) == expected, "after \(hint)")
                #expect(
                    try await visited(driver, after: start, pageEntries: 2) == expected,
                    "after \(hint), by pages")
                let behind = try await driver.walk(path("/r"), from: .behind(start), limit: 1000)
                let rest = try expected.filter { start.child(towards: try path($0)) == nil }
                // What is behind the directory that is walked, or above it, is all of it or nothing.
                let isAbove = try hint != "/r" && start.child(towards: path("/r")) != nil
                #expect(behind.files.map(\.path.text) == (isAbove ? [] : rest), "behind \(hint)")
            }
        },
        DriverCase("a directory that is pruned is not entered") { driver in
            for file in files { try await driver.make(file) }
            for limit in [1, 2, 5, 100] {
                var seen: [String] = []
                try await driver.walk(path("/r"), pageEntries: limit) { file in
                    seen.append(file.path.text)
                    let isPruned = ["/r/a/m", "/r/a-b", "/r/c/d", "/r/b"].contains(file.path.text)
                    return isPruned ? .prune : .next
                }
                #expect(
                    seen == [
                        "/r/a", "/r/a/l", "/r/a/l/x", "/r/a/m", "/r/a-b", "/r/a.b", "/r/b", "/r/c",
                        "/r/c/d",
                    ], "\(limit)")
            }
        },
        DriverCase("a walk stops where it is told to, and throws what its visitor throws") {
            driver in
            for file in files { try await driver.make(file) }
            var seen: [String] = []
            try await driver.walk(path("/r"), pageEntries: 3) { file in
                seen.append(file.path.text)
                return file.path.text == "/r/a/m/t" ? .stop : .next
            }
            #expect(seen == Array(walked.prefix(5)))
            struct Enough: Error {}
            await #expect(throws: Enough.self) {
                try await driver.walk(path("/r")) { _ in throw Enough() }
            }
        },
        DriverCase("a walk of nothing is short") { driver in
            #expect(try await driver.walk(.root, from: .beginning, limit: 1).files.isEmpty)
            try await driver.walk(.root) { _ in
                Issue.record("there is nothing to visit")
                return .stop
            }
        },
    ]
}

/// The paths of a walk of `/r`.
private func visited(
    _ driver: any StorageDriver, after: DriverPath? = nil, pageEntries: Int = 100
) async throws -> [String] {
    var seen: [String] = []
    try await driver.walk(path("/r"), after: after, pageEntries: pageEntries) { file in
        seen.append(file.path.text)
        return .next
    }
    return seen
}
