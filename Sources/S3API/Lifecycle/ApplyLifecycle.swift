// Acting on the lifecycles of buckets: objects and uploads whose time has come are let go of. An object goes by
// a tombstone just above the version that was judged, so that whatever is written meanwhile, in any region,
// stays. Every region acts by itself; where two do the same, the tombstones are merged.

internal import NIOCore
package import Storage

package struct ApplyLifecycle: Sendable {
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let uploads: any UploadStore
    private let clock: any WallClock
    private let limits: S3Limits

    package init(
        objects: any ObjectStore, blobs: any BlobStore, uploads: any UploadStore,
        clock: any WallClock, limits: S3Limits = S3Limits()
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.clock = clock
        self.limits = limits
    }

    /// Acts on every bucket, or only says what would go. It can be ended between any two pages.
    package func run(_ job: any WorkReport, isDryRun: Bool) async throws {
        let buckets = Buckets(objects: objects, blobs: blobs)
        for bucket in try await buckets.list() {
            guard let document = try await buckets.document(.lifecycle, of: bucket.name) else {
                continue
            }
            let rules: [LifecycleRule]
            do throws(S3Error) {
                rules = try LifecycleConfiguration(document: document, limits: limits).rules
            } catch {
                // Another region took it; what it may mean is not guessed at.
                job.found(
                    JobFinding(
                        "bucket \(bucket.name)", "its lifecycle is not understood here", .kept))
                continue
            }
            let step = BucketLifecycle(
                bucket: bucket.name, rules: rules.filter(\.isEnabled),
                nowMilliseconds: clock.milliseconds(), job: job, isDryRun: isDryRun)
            job.set(JobProgress(stage: "lifecycle of \(bucket.name)"))
            try await step.expire(in: objects)
            try await step.abort(in: uploads)
        }
    }
}

/// What the rules of one bucket let go of at one moment.
private struct BucketLifecycle {
    let bucket: String
    let rules: [LifecycleRule]
    let nowMilliseconds: Int64
    let job: any WorkReport
    let isDryRun: Bool

    // MARK: Objects

    func expire(in objects: any ObjectStore) async throws {
        let expiring = rules.filter { $0.expiration != nil }
        for prefix in Self.outermost(expiring.map(\.filter.prefix)) {
            var request = ListRequest(bucket: bucket, prefix: ObjectKey(prefix))
            var page: ListPage
            repeat {
                try job.checkCancellation()
                page = try await objects.list(request)
                try await expire(page, by: expiring, in: objects)
                request.after = page.entries.last?.key
            } while page.isTruncated
        }
    }

    private func expire(
        _ page: ListPage, by rules: [LifecycleRule], in objects: any ObjectStore
    ) async throws {
        var due: [ObjectVersion] = []
        for case .object(let version) in page.entries {
            guard let content = version.content,
                rules.contains(where: { $0.isDue(version.name.key, content, nowMilliseconds) })
            else { continue }
            due.append(version)
        }
        job.advance(UInt64(page.entries.count))
        guard !due.isEmpty else { return }
        var gone = due
        if !isDryRun {
            let results = await objects.commit(due.map { .expire($0.name, $0.version) })
            gone = []
            for (version, result) in zip(due, results) where try result.get() != nil {
                gone.append(version)
            }
        }
        job.add("expired_objects", UInt64(gone.count))
        for version in gone {
            job.found(JobFinding("\(version.name)", "its lifetime is over", .removed))
        }
    }

    /// Those that no other is the beginning of, so that nothing is listed twice.
    private static func outermost(_ prefixes: [String]) -> [String] {
        var result: [String] = []
        for prefix in prefixes.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        where !(result.last.map { prefix.utf8.starts(with: $0.utf8) } ?? false) {
            result.append(prefix)
        }
        return result
    }

    // MARK: Uploads

    func abort(in uploads: any UploadStore) async throws {
        for rule in rules {
            guard let days = rule.abortAfterDays else { continue }
            var request = UploadListRequest(
                bucket: bucket, prefix: ObjectKey(rule.filter.prefix))
            var page: UploadListPage
            repeat {
                try job.checkCancellation()
                page = try await uploads.uploads(request)
                for case .upload(let upload) in page.entries {
                    request.after = .upload(upload.id, key: upload.name.key)
                    let due = LifecycleRule.dueMilliseconds(
                        upload.initiatedMilliseconds, days: days)
                    if nowMilliseconds >= due { try await abort(upload, in: uploads) }
                }
            } while page.isTruncated
        }
    }

    private func abort(_ upload: Upload, in uploads: any UploadStore) async throws {
        if !isDryRun {
            do {
                try await uploads.abort(upload.id, of: upload.name)
            } catch let error as StorageError where error.code == .noSuchUpload {
                // It was completed, or aborted by who began it.
                return
            }
        }
        job.add("aborted_uploads", 1)
        job.found(
            JobFinding(
                "\(upload.name) upload \(upload.id)", "it was not completed in time", .removed))
    }
}

extension LifecycleRule {
    fileprivate func isDue(
        _ key: ObjectKey, _ content: ObjectContent, _ nowMilliseconds: Int64
    ) -> Bool {
        guard filter.matches(key, content) else { return false }
        switch expiration {
        case nil: return false
        case .date(let milliseconds): return nowMilliseconds >= milliseconds
        case .days(let days):
            let due = Self.dueMilliseconds(content.lastModifiedMilliseconds, days: days)
            return nowMilliseconds >= due
        }
    }
}
