// Looks whether names make sense: the blob of every visible object is here, and in a registry's layout a
// link is a digest whose target is visible, and the bytes at a digest's key have that digest. What a manifest
// reaches may be elsewhere on purpose (a sparse index, a foreign layer), so of a manifest only its form is
// looked at.
//
// Looking here is no use of a thing: names are read as registers, since a look-up for a client
// (`ObjectStore.object`) takes out of quarantine, and garbage would begin its time anew with every scrub.

internal import Journal
internal import MetadataIndex
internal import NIOCore
internal import RegistryLayout
internal import Storage

struct ScrubNames {
    let store: DurableStore
    let report: any WorkReport
    let options: ScrubOptions
    private(set) var missing: [BlobInfo] = []

    private var limits: ScrubLimits { store.configuration.limits.scrub }

    init(_ store: DurableStore, _ report: any WorkReport, _ options: ScrubOptions) {
        self.store = store
        self.report = report
        self.options = options
    }

    mutating func run() async throws {
        report.set(JobProgress(stage: "names", total: try await store.figures().objects))
        var buckets = try await Buckets(objects: store, blobs: store).list().map(\.name)
        buckets.append(BucketName.system)
        if let bucket = options.bucket { buckets = [bucket] }
        for bucket in buckets { try await run(over: bucket) }
    }

    private mutating func run(over bucket: String) async throws {
        var after: ObjectKey?
        while true {
            try report.checkCancellation()
            let page = try await store.registers(
                in: bucket, after: after, limit: limits.pageEntries)
            guard let last = page.last else { return }
            try await check(page.map(\.register))
            after = last.name.key
        }
    }

    /// Checks what a page of names showed when it was read.
    mutating func check(_ page: [ObjectRegister]) async throws {
        for register in page {
            guard let shown = register.visible, let content = shown.content else { continue }
            try await check(shown, content)
            report.advance(1)
            report.add("checked_names", 1)
        }
    }

    private mutating func check(_ shown: ObjectVersion, _ content: ObjectContent) async throws {
        let name = shown.name
        guard let entry = try await store.entry(of: content.blob, once: true) else {
            guard try await stillShows(name, content), missing.count < limits.missingBlobs else {
                return
            }
            return missing.append(
                BlobInfo(blob: content.blob, sizeBytes: content.sizeBytes, isDamaged: true))
        }
        guard name.bucket != BucketName.system, !entry.isDamaged,
            let path = LayoutPath(name.key), let reason = try await trouble(path, name, content),
            try await stillShows(name, content)
        else { return }
        report.found(JobFinding(name.description, reason, .beyondRepair))
    }

    /// A page of names is older than what is looked up for it: a name that was deleted since may have lost what
    /// it named. A collection deletes a link before what it links, so a link that still shows tells the truth.
    private func stillShows(_ name: ObjectName, _ content: ObjectContent) async throws -> Bool {
        try await visible(name)?.content?.blob == content.blob
    }

    /// What is wrong with a key of the layout; `nil` where nothing is.
    private func trouble(
        _ path: LayoutPath, _ name: ObjectName, _ content: ObjectContent
    ) async throws -> String? {
        switch path {
        case .blobData(_, let digest):
            guard let blob = digest.blob, blob != content.blob else { return nil }
            return "its bytes have the digest \(content.blob)"
        case .layerLink(let repository, let digest):
            return try await trouble(
                link: content, digest, LayoutPath.blobData(repository.root, digest), name)
        case .revisionLink(let repository, let digest):
            let data = LayoutPath.blobData(repository.root, digest)
            if let reason = try await trouble(link: content, digest, data, name) { return reason }
            return try await trouble(manifest: ObjectName(bucket: name.bucket, key: data.key))
        case .tagIndexLink(_, _, let digest):
            return try await target(of: content) == digest ? nil : "the link is not \(digest)"
        case .tagCurrentLink(let repository, _):
            guard let digest = try await target(of: content) else {
                return "the link’s bytes are no digest"
            }
            let revision = LayoutPath.revisionLink(repository, digest)
            return try await trouble(target: revision, name)
        case .upload: return nil
        }
    }

    private func trouble(
        link content: ObjectContent, _ digest: ContentDigest, _ path: LayoutPath,
        _ name: ObjectName
    ) async throws -> String? {
        guard try await target(of: content) == digest else { return "the link is not \(digest)" }
        // In quarantine it may have lost its target: then no look-up finds it any more.
        guard content.quarantinedMilliseconds == nil else { return nil }
        return try await trouble(target: path, name)
    }

    /// A target that another region has told of, and whose bytes are being fetched, is not missing.
    private func trouble(target path: LayoutPath, _ name: ObjectName) async throws -> String? {
        let target = ObjectName(bucket: name.bucket, key: path.key)
        guard let register = try await store.registers(of: [target]).first,
            register.visible != nil || register.pending.contains(where: { $0.content != nil })
        else { return "its target \(path.key) is missing" }
        return nil
    }

    private func visible(_ name: ObjectName) async throws -> ObjectVersion? {
        try await store.registers(of: [name]).first?.visible
    }

    private func target(of content: ObjectContent) async throws -> ContentDigest? {
        try await bytes(content, limitBytes: Closure.linkLimitBytes).flatMap(Closure.linkTarget)
    }

    private func trouble(manifest name: ObjectName) async throws -> String? {
        guard let content = try await visible(name)?.content,
            let bytes = try await bytes(content, limitBytes: ManifestReferences.limitBytes)
        else { return nil }
        do {
            _ = try ManifestReferences(parsing: bytes)
            return nil
        } catch let error as ManifestError {
            return error.message
        }
    }

    /// `nil` where the blob is larger, or damaged, of which is told elsewhere.
    private func bytes(_ content: ObjectContent, limitBytes: Int) async throws -> ByteBuffer? {
        do {
            return try await store.content(of: content.blob, limitBytes: limitBytes)
        } catch let error as StorageError
            where [.limitExceeded, .damaged, .noSuchBlob].contains(error.code)
        {
            return nil
        }
    }
}
