// Lists and walks. A walk is the lists of the directories it enters; a page of it begins by going down to where
// the last one ended, so that it costs what is on it and the depth of the path.

extension StoreDriver {
    func children(of directory: DriverPath) -> ListChildren {
        ListChildren(objects: stores.objects, bucket: bucket, directory: directory)
    }

    package func list(
        _ path: DriverPath, after: DriverPath?, limit: Int
    ) async throws -> FilePage {
        try await DriverError.mapping {
            var child: DriverPath?
            if let after, after > path {
                child = path.child(towards: after)
                // Past everything that is below.
                if child == nil { return FilePage(files: [], isTruncated: false) }
            }
            let page = try await children(of: path).page(after: child, limit: limit)
            guard page != nil || child != nil || path.isRoot else {
                throw DriverError.notFound(path)
            }
            return page ?? FilePage(files: [], isTruncated: false)
        }
    }

    package func walk(
        _ path: DriverPath, from start: WalkStart, limit: Int
    ) async throws -> FilePage {
        try await DriverError.mapping {
            var walk = WalkPage(driver: self, limit: limit)
            try await walk.enter(path, from: start)
            if walk.files.isEmpty, start == .beginning, !path.isRoot {
                let isThere = try await children(of: path).areThere()
                guard isThere else { throw DriverError.notFound(path) }
            }
            return FilePage(
                files: Array(walk.files.prefix(limit)), isTruncated: walk.files.count > limit)
        }
    }
}

/// Collects one more than the page takes, which says whether more follow.
private struct WalkPage {
    let driver: StoreDriver
    let limit: Int
    var files: [FileInfo] = []

    private var room: Int { limit + 1 - files.count }

    mutating func enter(_ directory: DriverPath, from start: WalkStart) async throws {
        guard let begin = try await resume(directory, from: start) else { return }
        var last = begin.last
        while room > 0 {
            let page = try await driver.children(of: directory).page(after: last, limit: room)
            for file in page?.files ?? [] where room > 0 {
                files.append(file)
                if file.isDirectory { try await enter(file.path, from: .beginning) }
            }
            guard let page, page.isTruncated else { return }
            last = page.files.last?.path
        }
    }

    /// Goes down to where the page begins. The child behind which the directory goes on then, `last` being `nil`
    /// for the first; `nil` where it is past altogether.
    private mutating func resume(
        _ directory: DriverPath, from start: WalkStart
    ) async throws -> (last: DriverPath?, Void)? {
        switch start {
        case .beginning: return (nil, ())
        case .behind(let path) where path == directory || path.child(towards: directory) != nil:
            return nil
        case .after(let path), .behind(let path):
            guard path > directory else { return (nil, ()) }
            guard let child = directory.child(towards: path) else { return nil }
            if child != path {
                try await enter(child, from: start)
            } else if start == .after(path) {
                try await enter(child, from: .beginning)
            }
            return (child, ())
        }
    }
}
