// The contracts, kept by a store on a real disk with RocksDB, and by one on a simulated disk.

import LocalStore
import RegistryLayout
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

    @Test("drives as every driver does, on a real disk", arguments: DriverCase.all)
    func drivesOnDisk(driverCase: DriverCase) async throws {
        let directory = try TemporaryDirectory()
        let clock = TestClock()
        let store = try await openReal(directory, clock: clock)
        try await run(driverCase, over: store, clock)
        try await store.close()
    }

    @Test("drives as every driver does, on a simulated disk", arguments: DriverCase.all)
    func drivesInSimulation(driverCase: DriverCase) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await run(driverCase, over: store, region.clock)
        try await store.close()
    }

    private func run(
        _ driverCase: DriverCase, over store: DurableStore, _ clock: TestClock
    ) async throws {
        try await Buckets(objects: store, blobs: store).create("registry")
        let stores = DriverStores(
            objects: store, blobs: store, uploads: store, partBytes: 1 << 20,
            promisedDigest: { KeyRules.promisedDigest($0.key) })
        try await driverCase.run(
            DriverFixture(driver: try StoreDriver(stores, bucket: "registry"), clock: clock))
    }
}
