// Walking as fronts do it: a visitor that says after each file or directory how to go on (`Walk` of
// storagedriver.go, with its ErrSkipDir and ErrFilledBuffer).

/// How a walk goes on.
package enum WalkStep: Sendable {
    case next
    /// Not into this directory. After a file it means `next`.
    case prune
    case stop
}

extension StorageDriver {
    /// Visits what is below a directory, in order of paths, from behind `after` on. Throws what `visit` throws.
    package func walk(
        _ path: DriverPath, after: DriverPath? = nil, pageEntries: Int = 250,
        _ visit: (FileInfo) async throws -> WalkStep
    ) async throws {
        var start = after.map(WalkStart.after) ?? .beginning
        while true {
            let page = try await walk(path, from: start, limit: pageEntries)
            // What of the page is below the directory that was pruned last is passed over.
            var pruned: DriverPath?
            for file in page.files where pruned?.child(towards: file.path) == nil {
                pruned = nil
                start = .after(file.path)
                switch try await visit(file) {
                case .next: break
                case .stop: return
                case .prune:
                    guard file.isDirectory else { break }
                    pruned = file.path
                    start = .behind(file.path)
                }
            }
            guard page.isTruncated else { return }
        }
    }
}
