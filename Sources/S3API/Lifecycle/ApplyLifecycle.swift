// Acting on the lifecycles of buckets: objects and uploads whose time has come are let go of. An object goes by
// a tombstone just above the version that was judged, so that whatever is written meanwhile, in any region,
// stays. Every region acts by itself; where two do the same, the tombstones are merged.

internal import NIOCore
package import Storage

package struct ApplyLifecycle: Sendable {
    private let objects: any ObjectStore
    private let blobs: any BlobStore
    private let uploads: any UploadStore
    private let versions: any ObjectVersions
    private let clock: any WallClock
    private let limits: S3Limits

    package init(
        objects: any ObjectStore, blobs: any BlobStore, uploads: any UploadStore,
        versions: any ObjectVersions, clock: any WallClock, limits: S3Limits = S3Limits()
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.versions = versions
        self.clock = clock
        self.limits = limits
    }

    /// Acts on every bucket, or only says what would go. It can be ended between any two pages. What is wrong
    /// with one bucket is found, and does not keep the others from their turn. `skewMilliseconds` is how far
    /// clocks are known to differ: nothing goes that another region's clock may think is in its time.
    package func run(
        _ job: any WorkReport, isDryRun: Bool, skewMilliseconds: Int64 = 0
    ) async throws {
        let buckets = Buckets(objects: objects, blobs: blobs)
        for bucket in try await buckets.list() {
            do {
                guard let document = try await buckets.document(.lifecycle, of: bucket.name) else {
                    continue
                }
                let rules = try LifecycleConfiguration(document: document, limits: limits).rules
                job.set(JobProgress(stage: "lifecycle of \(bucket.name)"))
                let step = BucketLifecycle(
                    bucket: bucket.name, rules: rules.filter(\.isEnabled),
                    nowMilliseconds: clock.milliseconds() - 2 * max(0, skewMilliseconds),
                    job: job, isDryRun: isDryRun)
                try await step.expire(in: objects)
                if try await buckets.document(.versioning, of: bucket.name) != nil {
                    try await step.expireVersions(in: objects, versions)
                }
                try await step.abort(in: uploads)
            } catch let error as CancellationError {
                throw error
            } catch {
                job.found(
                    JobFinding(
                        "bucket \(bucket.name)", "its lifecycle was not carried out: \(error)",
                        .kept))
            }
        }
    }
}

/// What the rules of one bucket let go of at one moment.
private struct BucketLifecycle {
    /// Nothing goes that was written so lately: the stamps that regions give at one moment differ by their clocks.
    private static let leastAgeMilliseconds: Int64 = 5 * 60_000

    let bucket: String
    let rules: [LifecycleRule]
    let nowMilliseconds: Int64
    let job: any WorkReport
    let isDryRun: Bool

    // MARK: Objects

    func expire(in objects: any ObjectStore) async throws {
        let expiring = rules.filter { ![nil, .markers, .nothing].contains($0.expiration) }
        for prefix in Self.outermost(expiring.map(\.filter.prefix)) {
            var request = ListRequest(bucket: bucket, prefix: prefix)
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
            let stamped = Int64(clamping: version.version.stamp.milliseconds)
            guard let content = version.content,
                nowMilliseconds - stamped >= Self.leastAgeMilliseconds,
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
            for (version, result) in zip(due, results) {
                switch result {
                case .success(nil): continue
                case .success: gone.append(version)
                case .failure(let error):
                    job.found(JobFinding("\(version.name)", "\(error)", .kept))
                }
            }
        }
        job.add("expired_objects", UInt64(gone.count))
        for version in gone {
            job.found(JobFinding("\(version.name)", "its lifetime is over", .removed))
        }
    }

    // MARK: Versions

    func expireVersions(
        in objects: any ObjectStore, _ versions: any ObjectVersions
    ) async throws {
        var expiry = ExpireVersions(
            bucket: bucket, rules: rules, nowMilliseconds: nowMilliseconds,
            leastAgeMilliseconds: Self.leastAgeMilliseconds)
        for prefix in Self.outermost(expiry.rules.map(\.filter.prefix)) {
            var request = VersionListRequest(bucket: bucket, prefix: prefix)
            var page: VersionListPage
            repeat {
                try job.checkCancellation()
                page = try await versions.list(request)
                try await purge(expiry.due(in: page), in: objects)
                job.advance(UInt64(page.entries.count))
                request.after = page.entries.last?.marker
            } while page.isTruncated
        }
    }

    private func purge(
        _ due: [ExpireVersions.Due], in objects: any ObjectStore
    ) async throws {
        guard !due.isEmpty else { return }
        let results: [Result<ObjectVersion?, StorageError>] =
            isDryRun ? due.map { .success($0.version) } : await objects.commit(due.map(\.purge))
        for (due, result) in zip(due, results) {
            let subject = "\(due.version.name) version \(due.version.versionID)"
            switch result {
            case .success(nil): continue
            case .success:
                job.add(due.figure, 1)
                job.found(JobFinding(subject, "its lifetime is over", .removed))
            case .failure(let error) where error.code == .preconditionFailed:
                // It is judged again next time, by what is the latest then.
                continue
            case .failure(let error): job.found(JobFinding(subject, "\(error)", .kept))
            }
        }
    }

    /// Those that no other is the beginning of, so that nothing is listed twice.
    private static func outermost(_ prefixes: [ObjectKey]) -> [ObjectKey] {
        var result: [ObjectKey] = []
        for prefix in prefixes.sorted() where result.last.map(prefix.hasPrefix) != true {
            result.append(prefix)
        }
        return result
    }

    // MARK: Uploads

    func abort(in uploads: any UploadStore) async throws {
        for rule in rules {
            guard let days = rule.abortAfterDays else { continue }
            var request = UploadListRequest(
                bucket: bucket, prefix: rule.filter.prefix)
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
        case nil, .markers, .nothing: return false
        case .date(let milliseconds): return nowMilliseconds >= milliseconds
        case .days(let days):
            let due = Self.dueMilliseconds(content.lastModifiedMilliseconds, days: days)
            return nowMilliseconds >= due
        }
    }
}
