// The S3 API beside another implementation of it.

import Foundation
import Testing

extension NodeTests {
    @Suite("The S3 API and another's")
    struct DifferentialTests {
        /// What is compared, and how, is in `Clients/differential.py`; the differences there are, each with its
        /// reason, in `Clients/differences.txt`.
        @Test("answers as SeaweedFS does, but for what is listed with a reason")
        func differences() async throws {
            let region = try Region("west")
            try await region.start()
            let output = try await region.client("differential.py")
            #expect(output.contains("all as expected"))
            try await region.stop()
        }
    }
}
