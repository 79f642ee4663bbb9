// Looks at pending versions in the store: is the blob here, which of the names that must be visible
// before are not, is what it reaches known at all. Reads only; what to do about it is the machine's to say.
//
// The rule is `RegistryLayout.Closure`'s: the direct dependencies of a key. A manifest is read as soon as
// its bytes are here, published or not, so that a whole image can be published in one commit.

internal import NIOCore
internal import RegistryLayout
package import Storage

package struct ClosureExamination: Sendable {
    let feed: any ChangeFeed
    let blobs: any BlobStore
    let limits: ReplicationLimits
    private let rules: RulesInForce

    package init(
        feed: any ChangeFeed, blobs: any BlobStore, limits: ReplicationLimits, rules: RulesInForce
    ) {
        self.feed = feed
        self.blobs = blobs
        self.limits = limits
        self.rules = rules
    }

    /// One examination for each entry, in their order. No tombstone is said to wait for a put that is `hopeless`.
    package func examine(
        _ entries: [PendingEntry], hopeless: Set<VersionReference> = []
    ) async throws -> [Examination] {
        var withheld = WithheldVersions(rules: rules, examination: self)
        // Of a name with many versions that wait, one register serves all.
        let names = Array(Set(entries.map(\.name)))
        let registers = Dictionary(
            uniqueKeysWithValues: zip(names, try await feed.registers(of: names)))
        var closures: [DirectClosure?] = []
        var deletes: [WaitingDelete] = []
        var excluded: Set<VersionReference> = []
        for entry in entries {
            guard let register = registers[entry.name] else {
                preconditionFailure("\(entry.name) was asked for and not answered")
            }
            var closure: DirectClosure?
            if register.pending.contains(where: { $0.version == entry.version }) {
                let delete = try await delete(entry, register, &withheld)
                if try await withheld.isExcluded(entry), delete?.deletesNothing != true {
                    excluded.insert(entry.reference)
                } else {
                    closure = try await self.closure(of: entry)
                    if let delete { deletes.append(delete) }
                }
            }
            closures.append(closure)
        }
        var ordering = ExamineDeletes(examination: self, hopeless: hopeless, withheld: withheld)
        let deletions = try await ordering.findings(deletes)
        let visible = try await visibleNames(among: closures.flatMap { $0?.dependencies ?? [] })
        var examinations: [Examination] = []
        for (entry, closure) in zip(entries, closures) {
            if excluded.contains(entry.reference) {
                let overtaken = registers[entry.name]?.overtaken(by: entry.version) ?? []
                examinations.append(
                    Examination(
                        reference: entry.reference, finding: .withheld,
                        overtaken: overtaken.map(\.reference)))
                continue
            }
            let finding = finding(entry, closure, visible, deletions)
            examinations.append(try await withheld.examination(of: entry, finding))
        }
        return examinations
    }

    /// `nil` for a put.
    private func delete(
        _ entry: PendingEntry, _ register: ObjectRegister, _ withheld: inout WithheldVersions
    ) async throws -> WaitingDelete? {
        guard entry.blob == nil else { return nil }
        return WaitingDelete(
            entry: entry, register: register, withheld: try await withheld.withheld(of: register))
    }

    private func finding(
        _ entry: PendingEntry, _ closure: DirectClosure?, _ visible: Set<ObjectName>,
        _ deletions: [ObjectName: Examination.Finding]
    ) -> Examination.Finding {
        guard let closure else { return .settled }
        guard entry.blob != nil else {
            return deletions[entry.name] ?? .tombstone(breaks: [], waitsFor: [])
        }
        if let reason = closure.trouble { return .unreadable(reason: reason) }
        return .put(
            isBlobMissing: closure.isBlobMissing,
            missingNames: closure.dependencies.filter { !visible.contains($0) },
            isClosureKnown: closure.isKnown)
    }

    private func visibleNames(among names: [ObjectName]) async throws -> Set<ObjectName> {
        let distinct = Array(Set(names))
        guard !distinct.isEmpty else { return [] }
        let registers = try await feed.registers(of: distinct)
        return Set(zip(distinct, registers).filter { $1.visible != nil }.map { $0.0 })
    }

    func closure(of entry: PendingEntry) async throws -> DirectClosure {
        guard let blob = entry.blob else { return DirectClosure() }
        let info = try await blobs.stat(blob)
        var closure = DirectClosure(isBlobMissing: info.map(\.isDamaged) ?? true)
        if let info, info.sizeBytes != entry.sizeBytes {
            closure.trouble =
                "it says \(entry.sizeBytes) bytes of \(blob), which has \(info.sizeBytes)"
            return closure
        }
        guard entry.name.bucket != BucketName.system, let path = LayoutPath(entry.name.key) else {
            return closure
        }
        switch (Closure.input(of: path), path) {
        case (.nothing, _):
            closure.add(Closure.dependencies(of: path), in: entry.name.bucket)
        case (.link, .tagCurrentLink(let repository, _)):
            try await addTag(repository, blob, entry.name.bucket, to: &closure)
        case (.manifest(let key), .revisionLink(let repository, _)):
            closure.add([key], in: entry.name.bucket)
            let name = ObjectName(bucket: entry.name.bucket, key: key)
            try await addRevision(repository, manifest: name, to: &closure)
        case (.link, _), (.manifest, _):
            closure.trouble = "the layout does not say what this key reaches"
        }
        return closure
    }

    private func addTag(
        _ repository: Repository, _ blob: BlobID, _ bucket: String, to closure: inout DirectClosure
    ) async throws {
        guard !closure.isBlobMissing else {
            closure.isKnown = false
            return
        }
        guard let target = try await linkTarget(at: blob) else {
            closure.trouble = "the link’s bytes are no digest"
            return
        }
        closure.add(Closure.dependencies(ofTagIn: repository, target: target), in: bucket)
    }

    private func addRevision(
        _ repository: Repository, manifest name: ObjectName, to closure: inout DirectClosure
    ) async throws {
        do {
            guard let references = try await references(of: name) else {
                closure.isKnown = false
                return
            }
            closure.add(
                Closure.dependencies(ofRevisionIn: repository, references: references),
                in: name.bucket)
        } catch let error as UnreadableManifest {
            closure.trouble = error.message
        }
    }

    /// What the manifest at this data key refers to; `nil` where its bytes are not here. Throws
    /// `UnreadableManifest` where they cannot be read.
    func references(of name: ObjectName) async throws -> ManifestReferences? {
        let register = try await feed.registers(of: [name]).first
        let version = register?.visible ?? register?.pending.first { $0.content != nil }
        let known = version?.content?.blob ?? Self.blob(namedBy: name)
        guard let blob = known, let info = try await blobs.stat(blob), !info.isDamaged else {
            return nil
        }
        guard
            let bytes = try await content(of: blob, limitBytes: ManifestReferences.limitBytes)
        else { throw UnreadableManifest(message: "\(blob) is too large for a manifest") }
        do {
            return try ManifestReferences(parsing: bytes)
        } catch let error as ManifestError {
            throw UnreadableManifest(message: "\(blob): \(error.message)")
        }
    }

    private static func blob(namedBy name: ObjectName) -> BlobID? {
        guard case .blobData(_, let digest) = LayoutPath(name.key) else { return nil }
        return digest.blob
    }

    /// What a link says; `nil` where it is none.
    func linkTarget(of version: ObjectVersion) async throws -> ContentDigest? {
        guard let blob = version.content?.blob else { return nil }
        return try await linkTarget(at: blob)
    }

    private func linkTarget(at blob: BlobID) async throws -> ContentDigest? {
        try await content(of: blob, limitBytes: Closure.linkLimitBytes)
            .flatMap(Closure.linkTarget)
    }

    /// The bytes of a small blob; `nil` where it is larger.
    func content(of blob: BlobID, limitBytes: Int) async throws -> ByteBuffer? {
        do {
            return try await blobs.content(of: blob, limitBytes: limitBytes)
        } catch let error as StorageError where error.code == .limitExceeded {
            return nil
        }
    }
}

/// The bytes at a manifest's key are none.
struct UnreadableManifest: Error {
    let message: String
}

/// What one version needs before it may be visible.
struct DirectClosure: Sendable {
    var isBlobMissing = false
    var dependencies: [ObjectName] = []
    var isKnown = true
    var trouble: String?

    mutating func add(_ keys: [ObjectKey], in bucket: String) {
        dependencies += keys.map { ObjectName(bucket: bucket, key: $0) }
    }
}
