// What is directly below a directory, in order of paths. The store's list is in order of keys, where a
// directory comes at its name with a slash, so behind the siblings whose names go on with `-` or `.`: `a-b`,
// `a.b`, `a/`. Such a sibling is therefore preceded by the directories that its name begins with. What was
// passed already is not shown again, which is the whole rule: an entry counts if it is greater than the
// last one.

internal import NIOCore

struct ListChildren: Sendable {
    let objects: any ObjectStore
    let bucket: String
    let directory: DriverPath

    /// Children greater than `after`, at most `limit`; `nil` where there is nothing, not even what is not shown.
    func page(after: DriverPath?, limit: Int) async throws -> FilePage? {
        var page = Page(last: after, limit: limit)
        var position = after?.key
        var isThere = false
        while true {
            let listed = try await objects.list(
                request(after: position, limit: min(page.room + 1, DriverLimits.pageEntries)))
            isThere = isThere || !listed.entries.isEmpty
            for entry in listed.entries {
                guard let file = file(entry) else { continue }
                for early in directories(before: file.path) where page.isNext(early) {
                    let children = ListChildren(objects: objects, bucket: bucket, directory: early)
                    guard try await children.areThere() else { continue }
                    guard page.take(FileInfo(path: early)) else { return page.result }
                }
                guard page.take(file) else { return page.result }
            }
            guard listed.isTruncated, let last = listed.entries.last else {
                return isThere ? page.result : nil
            }
            position = last.key
        }
    }

    /// Whether there is any key below.
    func areThere() async throws -> Bool {
        let request = ListRequest(bucket: bucket, prefix: directory.keyPrefix, limit: 1)
        return try await !objects.list(request).entries.isEmpty
    }

    private func request(after: ObjectKey?, limit: Int) -> ListRequest {
        ListRequest(
            bucket: bucket, prefix: directory.keyPrefix, delimiter: [UInt8(ascii: "/")],
            after: after, limit: limit)
    }

    /// `nil` for a key that is no path.
    private func file(_ entry: ListEntry) -> FileInfo? {
        let name = entry.key.bytes.dropFirst(directory.keyPrefix.bytes.count)
        switch entry {
        case .commonPrefix: return directory.child(name.dropLast()).map { FileInfo(path: $0) }
        case .object(let version):
            guard let path = directory.child(name), let content = version.content else {
                return nil
            }
            return FileInfo(path, content)
        }
    }

    /// The siblings that may be directories and would be listed behind this one, in their order.
    private func directories(before path: DriverPath) -> [DriverPath] {
        let name = path.key.bytes.dropFirst(directory.keyPrefix.bytes.count)
        return name.indices.dropFirst().filter { name[$0] < UInt8(ascii: "/") }
            .compactMap { directory.child(name[..<$0]) }
    }
}

/// A page on its way to its limit.
private struct Page {
    var last: DriverPath?
    let limit: Int
    private(set) var result = FilePage(files: [], isTruncated: false)

    init(last: DriverPath?, limit: Int) {
        self.last = last
        self.limit = limit
    }

    var room: Int { limit - result.files.count }

    func isNext(_ path: DriverPath) -> Bool { last.map { $0 < path } ?? true }

    /// Whether there is room for more than this.
    mutating func take(_ file: FileInfo) -> Bool {
        guard isNext(file.path) else { return true }
        guard room > 0 else {
            result.isTruncated = true
            return false
        }
        result.files.append(file)
        last = file.path
        return true
    }
}
