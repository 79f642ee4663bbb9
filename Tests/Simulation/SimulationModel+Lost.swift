// What is lost when a region is put back to an older copy, and what must not be.

internal import Replication
internal import Storage

extension SimulationModel {
    /// A region is put back: what it acknowledged since is not known there any more. What no other region knows
    /// either is lost, and what another one knows is to come back.
    mutating func putBack(
        _ region: SimulatedRegion, among regions: [SimulatedRegion]
    ) async throws {
        wasPutBack = true
        verified[region.index] = []
        let known = (acknowledged[region.index] ?? [:]).sorted { $0.key < $1.key }
        let registers = try await region.store.registers(of: known.map(\.key))
        for ((name, version), register) in zip(known, registers)
        where register.published.map({ $0.version < version }) ?? true {
            acknowledged[region.index]?[name] = nil
        }
        for reference in written.sorted(by: { ($0.name, $0.version) < ($1.name, $1.version) })
        where try await !isKnown(reference, in: regions) {
            lost.insert(reference)
        }
    }

    /// Whether a region knows the version, or a greater one that took its place.
    private func isKnown(
        _ reference: VersionReference, in regions: [SimulatedRegion]
    ) async throws -> Bool {
        for region in regions {
            let register = try await region.store.registers(of: [reference.name]).first
            if let newest = register?.versions.first, newest.version >= reference.version {
                return true
            }
        }
        return false
    }

    /// At the end: nothing that was acknowledged is unknown but what was lost.
    func checkLost(in regions: [SimulatedRegion]) async throws {
        for reference in written.subtracting(lost)
        where try await !isKnown(reference, in: regions) {
            throw SimulationFailure("\(reference.text) is lost, although another region knew it")
        }
    }

    /// What every region is to show: of all that is known anywhere, under each name the greatest tombstone or put
    /// whose bytes are somewhere, and whose names can be complete. Where a client deleted something of an image, it is
    /// broken in its own region and shows in no other: nothing is said of the names that reach it.
    func expected(
        in regions: [SimulatedRegion]
    ) async throws -> [(name: ObjectName, version: ObjectVersion)] {
        let names = winners.keys.sorted()
        guard wasPutBack else { return try await winning(names, in: regions) }
        var versions: [ObjectName: [ObjectVersion]] = [:]
        for region in regions {
            let registers = try await region.store.registers(of: names)
            for (name, register) in zip(names, registers) {
                versions[name, default: []] += register.versions.filter { !$0.isHistory }
            }
        }
        var completable: [ObjectName: Bool] = [:]
        var result: [(name: ObjectName, version: ObjectVersion)] = []
        for name in names {
            var best: ObjectVersion?
            for version in versions[name] ?? []
            where best.map({ $0.version < version.version }) ?? true {
                if try await isComplete(version, versions, regions, &completable) { best = version }
            }
            let candidates = (versions[name] ?? []).filter { version in
                best.map { $0.version <= version.version } ?? true
            }
            if let best, !candidates.contains(where: { isBroken($0, versions) }) {
                result.append((name, best))
            }
        }
        return result
    }

    /// Where no region was put back, what was acknowledged last.
    private func winning(
        _ names: [ObjectName], in regions: [SimulatedRegion]
    ) async throws -> [(name: ObjectName, version: ObjectVersion)] {
        var result: [(name: ObjectName, version: ObjectVersion)] = []
        for name in names {
            guard let winner = winners[name] else { continue }
            for region in regions {
                let register = try await region.store.registers(of: [name]).first
                guard
                    let version = register?.versions.first(where: { $0.version == winner.version })
                else { continue }
                result.append((name, version))
                break
            }
        }
        return result
    }

    private func isComplete(
        _ version: ObjectVersion, _ versions: [ObjectName: [ObjectVersion]],
        _ regions: [SimulatedRegion], _ completable: inout [ObjectName: Bool]
    ) async throws -> Bool {
        guard let blob = version.content?.blob else { return true }
        guard try await isSomewhere(blob, regions) else { return false }
        for name in reaches[Put(name: version.name, blob: blob)] ?? []
        where !deleted.contains(name) {
            if completable[name] == nil {
                completable[name] = false
                for other in versions[name] ?? [] where other.content != nil {
                    guard try await isComplete(other, versions, regions, &completable) else {
                        continue
                    }
                    completable[name] = true
                }
            }
            guard completable[name] == true else { return false }
        }
        return true
    }

    /// Whether a client deleted anything that the put reaches.
    private func isBroken(
        _ version: ObjectVersion, _ versions: [ObjectName: [ObjectVersion]]
    ) -> Bool {
        guard let blob = version.content?.blob else { return false }
        return (reaches[Put(name: version.name, blob: blob)] ?? []).contains { name in
            deleted.contains(name)
                || (versions[name] ?? []).contains { isBroken($0, versions) }
        }
    }

    private func isSomewhere(
        _ blob: BlobID, _ regions: [SimulatedRegion]
    ) async throws -> Bool {
        for region in regions {
            if try await region.store.stat(blob) != nil { return true }
        }
        return false
    }

    /// Why a region does not yet show what all should show; `nil` where it does.
    func difference(
        of region: SimulatedRegion, from expected: [(name: ObjectName, version: ObjectVersion)]
    ) async throws -> String? {
        let registers = try await region.store.registers(of: expected.map(\.name))
        for (row, register) in zip(expected, registers) {
            guard register.published?.version == row.version.version,
                register.visible?.content?.blob == row.version.content?.blob
            else { return "\(region.name) does not show \(row.name)@\(row.version.version)" }
        }
        return nil
    }
}
