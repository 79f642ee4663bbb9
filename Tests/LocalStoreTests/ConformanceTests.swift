// The contracts, kept by a store on a real disk with RocksDB, and by one on a simulated disk.

import LocalStore
import Storage
import StoreConformance
import Testing

@Suite("A local store")
struct ConformanceTests {
    @Test("keeps the contracts on a real disk", arguments: StoreCase.all)
    func conformsOnDisk(storeCase: StoreCase) async throws {
        let directory = try TemporaryDirectory()
        let store = try await openReal(directory)
        try await storeCase.run(store)
        try await store.close()
    }

    @Test("keeps the contracts on a simulated disk", arguments: StoreCase.all)
    func conformsInSimulation(storeCase: StoreCase) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await storeCase.run(store)
        try await store.close()
    }
}
