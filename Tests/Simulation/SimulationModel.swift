// What must hold, whatever happens, by what was acknowledged to clients:
//  - no write that a region acknowledged is unknown there later, unless a greater version is known;
//  - no byte is visible that does not have its digest;
//  - no name is visible whose direct dependencies are not, except for what a client deleted;
//  - no delete is published while a newer version waits of its name, or of an image that it would break;
//  - after quiet every region shows, under every name, the greatest version that was acknowledged, or, where
//    a region was put back to an older copy, the greatest that can be complete: what others had of its lost writes
//    is there, and nothing is lost that any of them had.

internal import NIOCore
internal import RegistryLayout
internal import Replication
internal import Storage

package struct SimulationFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

struct SimulationModel {
    struct Put: Hashable {
        var name: ObjectName
        var blob: BlobID

        /// What clients pull: a tag, or a manifest by its digest; and links, which stand for bytes.
        var isAbove: Bool {
            switch LayoutPath(name.key) {
            case .tagCurrentLink, .revisionLink, .layerLink: true
            default: false
            }
        }
    }

    /// The greatest acknowledged version of each name, with its blob; `nil` for a tombstone.
    var winners: [ObjectName: (version: Version, blob: BlobID?)] = [:]
    var acknowledged: [Int: [ObjectName: Version]] = [:]
    var reaches: [Put: [ObjectName]] = [:]
    private var reachesByName: [ObjectName: [ObjectName]] = [:]
    var deleted: Set<ObjectName> = []
    var verified: [Int: Set<BlobID>] = [:]

    /// All that was acknowledged.
    var written: Set<VersionReference> = []
    /// Of that, what a region lost that was put back, and nobody else knew.
    var lost: Set<VersionReference> = []
    /// Whether any region was, so that bytes of what others know may be nowhere.
    var wasPutBack = false

    var lostCount: Int { lost.count }

    var acknowledgedCount: Int { winners.count }

    mutating func acknowledge(_ object: ObjectVersion, by region: Int, reaches names: [ObjectName])
    {
        if winners[object.name].map({ $0.version < object.version }) ?? true {
            winners[object.name] = (object.version, object.content?.blob)
        }
        acknowledged[region, default: [:]][object.name] = object.version
        written.insert(VersionReference(name: object.name, version: object.version))
        if let blob = object.content?.blob {
            reaches[Put(name: object.name, blob: blob)] = names
            reachesByName[object.name] = names
        } else {
            deleted.insert(object.name)
        }
    }

    /// What a region shows under these names.
    mutating func check(_ names: [ObjectName], in region: SimulatedRegion) async throws {
        let registers = try await region.store.registers(of: names)
        for (name, register) in zip(names, registers) {
            guard let visible = register.visible, let content = visible.content else { continue }
            try await checkBytes(content, of: name, in: region)
            let needed = reaches[Put(name: name, blob: content.blob)] ?? []
            let held = try await region.store.registers(of: needed)
            for (dependency, register) in zip(needed, held)
            where register.visible == nil && !deleted.contains(dependency) {
                throw SimulationFailure(
                    "\(region.name) shows \(name) although it does not show \(dependency)")
            }
        }
    }

    /// What is about to be published: no delete of which the region knows that a newer put waits.
    func checkOrder(
        of references: [VersionReference], in region: SimulatedRegion
    ) async throws {
        let registers = try await region.store.registers(of: references.map(\.name))
        for (reference, register) in zip(references, registers) where register.visible != nil {
            let pending = register.pending
            guard let delete = pending.first(where: { $0.version == reference.version }),
                delete.content == nil, let newest = pending.first, newest.content != nil
            else { continue }
            let put = newest.reference
            guard !region.told.contains(put) || region.hopeless.contains(put) else {
                throw SimulationFailure(
                    "\(region.name) deletes \(reference.name) although a newer version waits")
            }
        }
    }

    /// What was found ready to be deleted: nothing that a visible image needs, where a newer one waits.
    func checkDeletes(
        _ examinations: [Examination], in region: SimulatedRegion
    ) async throws {
        let deletes = examinations.filter { examination in
            if case .tombstone(_, waitsFor: []) = examination.finding { true } else { false }
        }
        let known = try await region.store.registers(of: deletes.map(\.reference.name))
        var ready: Set<ObjectName> = []
        for (reference, register) in zip(deletes.map(\.reference), known)
        where register.visible != nil
            || register.pending.contains(where: { put in
                put.content != nil && put.version < reference.version
            })
        {
            ready.insert(reference.name)
        }
        // One that deletes nothing, since this region's own clients did before, takes nothing from an image.
        guard !ready.isEmpty else { return }
        let above = Array(reaches.keys.filter(\.isAbove))
        let registers = try await region.store.registers(of: above.map(\.name))
        for (put, register) in zip(above, registers)
        where register.visible?.content?.blob == put.blob
            && newest(register, in: region)?.content != nil
        {
            guard try await below(put, in: region).isDisjoint(with: ready) else {
                throw SimulationFailure(
                    "\(region.name) deletes what \(put.name) needs, of which a newer version waits")
            }
        }
    }

    private func newest(_ register: ObjectRegister, in region: SimulatedRegion) -> ObjectVersion? {
        register.pending.first { version in
            !region.hopeless.contains(version.reference)
        }
    }

    /// All that a put reaches, through however many names: below a tag, a name says what its bytes are. Where a
    /// client deleted one of them, or the manifest that it links to, the image is broken there, and what was below
    /// is below it no more.
    private func below(_ put: Put, in region: SimulatedRegion) async throws -> Set<ObjectName> {
        var result: Set<ObjectName> = []
        var next = reaches[put] ?? []
        while let name = next.popLast() {
            guard result.insert(name).inserted else { continue }
            let read = [name] + Self.manifest(of: name)
            let registers = try await region.store.registers(of: read)
            guard registers.allSatisfy({ $0.visible?.content != nil }) else { continue }
            next += reachesByName[name] ?? []
        }
        return result
    }

    /// The bytes that say what is below a revision.
    private static func manifest(of name: ObjectName) -> [ObjectName] {
        guard case .revisionLink(let repository, let digest) = LayoutPath(name.key) else {
            return []
        }
        let key = LayoutPath.blobData(repository.root, digest).key
        return [ObjectName(bucket: name.bucket, key: key)]
    }

    /// Everything a region acknowledged, and everything it shows.
    mutating func checkAll(in region: SimulatedRegion) async throws {
        let known = (acknowledged[region.index] ?? [:]).sorted { $0.key < $1.key }
        let registers = try await region.store.registers(of: known.map(\.key))
        for (write, register) in zip(known, registers) {
            let newest = register.published?.version
            guard newest.map({ $0 >= write.value }) ?? false else {
                throw SimulationFailure("\(region.name) lost \(write.key), acknowledged there")
            }
        }
        try await check(winners.keys.sorted(), in: region)
    }

    private mutating func checkBytes(
        _ content: ObjectContent, of name: ObjectName, in region: SimulatedRegion
    ) async throws {
        guard verified[region.index, default: []].insert(content.blob).inserted else { return }
        // The memory store compares bytes with their digest at each read.
        let bytes = try await region.store.content(of: content.blob, limitBytes: 1 << 20)
        guard UInt64(bytes.readableBytes) == content.sizeBytes else {
            throw SimulationFailure("\(region.name) shows \(name) with wrong bytes")
        }
    }
}
