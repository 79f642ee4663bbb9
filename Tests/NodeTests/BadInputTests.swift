// Bad input to the running daemon; what is refused at start is in `StartTests`.

import Testing

extension NodeTests {
    @Suite("Bad input")
    struct BadInputTests {
        @Test("is refused with a clear error, stores nothing, and harms nobody")
        func requests() async throws {
            let region = try Region("west")
            try await region.start()
            let verdict = try await region.client("bad_input.py")
            #expect(verdict.contains("all as expected"))
            try await region.stop()
        }

        @Test("clients that mean harm, all at once, harm nobody, and the daemon grows by little")
        func hostile() async throws {
            let region = try Region("west")
            try await region.start()
            let pid = try #require(region.program?.pid)
            let verdict = try await region.client("hostile_clients.py", ["\(pid)"])
            #expect(verdict.contains("all as expected"))
            try await region.stop()
        }

        @Test(
            "100 000 parts, and documents that name as many, harm nobody, and leave nothing behind")
        func manyParts() async throws {
            let region = try Region("west")
            try await region.start()
            let pid = try #require(region.program?.pid)
            let verdict = try await region.client("many_parts.py", ["\(pid)"])
            #expect(verdict.contains("all as expected"))
            let job = try await region.collect("--grace", "0s")
            // Of the part that was sent over and over nothing is left but a few bytes that are in use.
            #expect(job.figure("removed_file_bytes") > 64 << 20, "\(job.figures)")
            #expect(try region.allocatedChunkBytes() < 1 << 20, "\(job.figures)")
            #expect(try await region.status().store.uploads == 0)
            try await region.kill()
            try await region.start()
            #expect(try await region.status().store.uploads == 0)
            try await region.stop()
        }
    }
}
