// What becomes of the writes of a region that is put back to an older copy. What nobody else had is lost, bytes and
// names, so the regions are not held to be equal afterwards: where a version superseded another and is lost itself,
// those who were told only of it show something older until the name is written anew. All else holds: what is
// shown is whole and has its digest, and what another region had by the feed comes back.

internal import Replication
internal import Storage

extension SimulationModel {
    /// What the region acknowledged since its copy is not known there any more.
    mutating func putBack(
        _ region: SimulatedRegion, among regions: [SimulatedRegion]
    ) async throws {
        verified[region.index] = []
        let known = (acknowledged[region.index] ?? [:]).sorted { $0.key < $1.key }
        let registers = try await region.store.registers(of: known.map(\.key))
        for ((name, version), register) in zip(known, registers)
        where register.published.map({ $0.version < version }) ?? true {
            acknowledged[region.index]?[name] = nil
        }
        for other in regions where other.index != region.index {
            try await expect(region, toHearOf: other)
        }
    }

    /// Of the region's own writes, what the other one shows and its cursor covers.
    private mutating func expect(
        _ region: SimulatedRegion, toHearOf other: SimulatedRegion
    ) async throws {
        let own = SimulatedRegion.id(region.index)
        let cursor = try await other.store.cursors()[own] ?? .start
        let names = winners.keys.sorted()
        for register in try await other.store.registers(of: names) {
            guard let shown = register.published, shown.version.region == own,
                let position = shown.position, position.number <= cursor.number
            else { continue }
            toReturn[region.index, default: []].insert(shown.reference)
        }
    }

    /// At the end: each region that was put back knows what was to return to it, or what took its place.
    func checkReturned(to region: SimulatedRegion) async throws -> String? {
        let expected = (toReturn[region.index] ?? []).sorted {
            ($0.name, $0.version) < ($1.name, $1.version)
        }
        let registers = try await region.store.registers(of: expected.map(\.name))
        for (reference, register) in zip(expected, registers)
        where register.versions.first.map({ $0.version < reference.version }) ?? true {
            return "\(region.name) does not know its own \(reference.text) again"
        }
        return nil
    }
}
