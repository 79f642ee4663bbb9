import RegistryLayout
import Storage
import StoreConformance
import Testing

private struct FixedClock: WallClock {
    func milliseconds() -> Int64 { 1_800_000_000_000 }
}

@Suite("The store in memory")
struct MemoryStoreTests {
    @Test("keeps the contracts", arguments: StoreCase.all)
    func conforms(storeCase: StoreCase) async throws {
        let store = MemoryStore(
            region: RegionID(1), clock: FixedClock(), isRegionLocal: KeyRules.isRegionLocal,
            historyRole: KeyRules.historyRole)
        try await storeCase.run(store)
    }

    @Test("drives as every driver does", arguments: DriverCase.all)
    func drives(driverCase: DriverCase) async throws {
        let store = MemoryStore(
            region: RegionID(1), clock: FixedClock(), isRegionLocal: KeyRules.isRegionLocal,
            historyRole: KeyRules.historyRole)
        try await Buckets(objects: store, blobs: store).create("registry")
        let stores = DriverStores(
            objects: store, blobs: store, uploads: store, partBytes: 1 << 20,
            promisedDigest: { KeyRules.promisedDigest($0.key) })
        try await driverCase.run(
            DriverFixture(
                driver: try StoreDriver(stores, bucket: "registry"), clock: FixedClock()))
    }
}
