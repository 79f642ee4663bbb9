// Which of the versions that wait are withheld by the rules of their bucket: they are known and handed on, and neither
// fetched nor published, whatever else is here. So is a put that reaches a key of which only a withheld put is known:
// what would be incomplete for good shows nowhere. One examination's view.

internal import Checksums
internal import NIOCore
internal import RegistryLayout
internal import Storage

struct WithheldVersions {
    /// Links to a blob that are looked at; where there are more, one of them is taken to be wanted.
    private static let linkLimit = 256

    private let rules: RulesInForce
    private let examination: ClosureExamination
    private var buckets: [String: RulesOfRegion?] = [:]
    private var names: [ObjectName: Bool] = [:]

    init(rules: RulesInForce, examination: ClosureExamination) {
        self.rules = rules
        self.examination = examination
    }

    /// Whether anything of the bucket may be withheld.
    mutating func mayWithhold(in bucket: String) async throws -> Bool {
        try await rules(of: bucket) != nil
    }

    /// By its name alone. What this region wrote itself is never: it comes back where it was lost.
    mutating func isExcluded(_ entry: PendingEntry) async throws -> Bool {
        guard entry.version.region != examination.feed.region,
            let rules = try await rules(of: entry.name.bucket)
        else { return false }
        switch rules.verdict(entry.name.key, isDelete: entry.blob == nil) {
        case .taken: return false
        case .withheld: return true
        case .withLinks(let root, let digest):
            return try await !isLinked(digest, in: root, of: entry.name.bucket, rules)
        }
    }

    /// With the versions that wait under the names that are missing for a put; where one of those is withheld, the
    /// put is too.
    mutating func examination(
        of entry: PendingEntry, _ finding: Examination.Finding
    ) async throws -> Examination {
        var examination = Examination(reference: entry.reference, finding: finding)
        guard case .put(_, let missing, _) = finding, try await mayWithhold(in: entry.name.bucket)
        else { return examination }
        for name in missing {
            if try await isWithheld(name) {
                return Examination(reference: entry.reference, finding: .withheld)
            }
            for entry in try await puts(of: name) where try await !isWithheld(entry) {
                examination.waiting.append(entry)
            }
        }
        return examination
    }

    /// The versions of a register that wait and are withheld.
    mutating func withheld(of register: ObjectRegister) async throws -> Set<VersionReference> {
        guard let bucket = register.versions.first?.name.bucket, try await mayWithhold(in: bucket)
        else { return [] }
        var withheld: Set<VersionReference> = []
        for entry in register.pending.compactMap(PendingEntry.init)
        where try await isWithheld(entry) {
            withheld.insert(entry.reference)
        }
        return withheld
    }

    private mutating func isWithheld(_ entry: PendingEntry) async throws -> Bool {
        if try await isExcluded(entry) { return true }
        guard entry.blob != nil else { return false }
        let needs = try await examination.closure(of: entry).dependencies
        for name in needs where try await isWithheld(name) { return true }
        return false
    }

    /// Whether nothing shows under the name, and what waits there is withheld.
    private mutating func isWithheld(_ name: ObjectName) async throws -> Bool {
        if let known = names[name] { return known }
        names[name] = false
        let register = try await examination.feed.registers(of: [name]).first
        guard register?.visible == nil else { return false }
        let puts = (register?.pending ?? []).filter(\.isPut).compactMap(PendingEntry.init)
        var isWithheld = !puts.isEmpty
        for entry in puts where isWithheld { isWithheld = try await self.isWithheld(entry) }
        names[name] = isWithheld
        return isWithheld
    }

    private func puts(of name: ObjectName) async throws -> [PendingEntry] {
        let register = try await examination.feed.registers(of: [name]).first
        return (register?.pending ?? []).filter(\.isPut).compactMap(PendingEntry.init)
    }

    /// Whether a link to the blob shows here, or waits and is not excluded, or is this region's own.
    private func isLinked(
        _ digest: ContentDigest, in root: RegistryRoot, of bucket: String, _ rules: RulesOfRegion
    ) async throws -> Bool {
        let bytes = MessageDigest.hash(.sha256, ByteBuffer(string: digest.description))
        guard let link = BlobID(bytes: bytes) else { return true }
        let names = try await examination.feed.names(of: link, in: bucket, limit: Self.linkLimit)
        let links = names.filter { name in
            switch LayoutPath(name.key) {
            case .layerLink(let owner, digest), .revisionLink(let owner, digest):
                owner.root == root
            default: false
            }
        }
        if links.contains(where: { rules.verdict($0.key, isDelete: false) == .taken }) {
            return true
        }
        if names.count >= Self.linkLimit { return true }
        let own = examination.feed.region
        return try await examination.feed.registers(of: links).contains { register in
            register.visible != nil || register.pending.contains { $0.version.region == own }
        }
    }

    private mutating func rules(of bucket: String) async throws -> RulesOfRegion? {
        if let known = buckets[bucket] { return known }
        let found = try await rules.rules(of: bucket)
        buckets[bucket] = .some(found)
        return found
    }
}
