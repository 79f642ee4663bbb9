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
    }
}
