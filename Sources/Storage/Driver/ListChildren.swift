// What is directly below a directory, in order of paths. The store's list is in order of keys, where a
// directory comes at its name with a slash, so behind the siblings whose names go on with `-` or `.`: `a-b`,
// `a.b`, `a/`. Such a sibling is therefore preceded by the directories that its name begins with. What was
// passed already is not shown again, which is the whole rule: an entry counts if it is greater than the
// last one. Which of them are there is found by seeks: what one comes upon says of many that they are not.

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
                try Task.checkCancellation()
                let name = name(of: file.path)
                let ends = Self.ends(in: name, behind: page.examined)
                page.examined = name
                for directory in try await directories(name, ends, page.isNext) {
                    guard page.take(FileInfo(path: directory)) else { return page.result }
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

    private func name(of path: DriverPath) -> [UInt8] {
        Array(path.key.bytes.dropFirst(directory.keyPrefix.bytes.count))
    }

    /// Where the siblings end that may be directories and would be listed behind this name, which begins with all of
    /// them. Those that were looked for before `last` are not looked for again: all that both names begin with.
    private static func ends(in name: [UInt8], behind last: [UInt8]) -> [Int] {
        let first = max(commonCount(name, last[...]), 1)
        return name.indices.dropFirst(first).filter { name[$0] < UInt8(ascii: "/") }
    }

    private static func commonCount(_ name: [UInt8], _ other: ArraySlice<UInt8>) -> Int {
        zip(name, other).prefix { $0 == $1 }.count
    }

    /// Those of the siblings that are directories, in their order, and are to be shown. The longest comes first in the
    /// order of keys: from there on each seek comes upon one of them, or says where the next may be.
    private func directories(
        _ name: [UInt8], _ ends: [Int], _ isNext: (DriverPath) -> Bool
    ) async throws -> [DriverPath] {
        var found: [DriverPath] = []
        var rest = ends[...]
        while let end = rest.popLast() {
            try Task.checkCancellation()
            guard let longest = directory.child(name[..<end]) else { continue }
            // The shorter ones come before it.
            guard isNext(longest) else { break }
            let start = longest.keyPrefix
            let next = try await key(behind: start)
            if next?.hasPrefix(start) == true {
                found.append(longest)
                continue
            }
            // A key that ends in a slash is no path, but it is there.
            if try await objects.object(ObjectName(bucket: bucket, key: start)) != nil {
                found.append(longest)
            }
            guard let next else { break }
            // A sibling with a slash behind it is less than what was come upon, unless that begins with it.
            let other = next.bytes.dropFirst(directory.keyPrefix.bytes.count)
            let common = Self.commonCount(name, other)
            let isAtOrBefore = other.dropFirst(common).first ?? 0 <= UInt8(ascii: "/")
            rest = rest.prefix { $0 < common || $0 == common && isAtOrBefore }
        }
        return found.reversed()
    }

    /// The first key of the directory that is greater.
    private func key(behind key: ObjectKey) async throws -> ObjectKey? {
        let request = ListRequest(
            bucket: bucket, prefix: directory.keyPrefix, after: key, limit: 1)
        return try await objects.list(request).entries.first?.key
    }
}

/// A page on its way to its limit.
private struct Page {
    var last: DriverPath?
    /// The name of the entry whose directories were looked for last.
    var examined: [UInt8] = []
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
