// Buckets with versioning, over two regions and through a crash.

import Testing

extension NodeTests {
    @Suite("Buckets with versioning")
    struct VersionTests {
        @Test("versions, markers, tags and purges have the same ids in both regions")
        func regions() async throws {
            let (west, east) = try await Region.pair()
            let output = try await west.client("versions.py", [east.url])
            #expect(output.contains("all as expected"))
            try await west.stop()
            try await east.stop()
        }
    }
}
