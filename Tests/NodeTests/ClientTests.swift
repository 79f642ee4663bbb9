// S3 clients, as people use them: each makes its round trip of every size.

import Foundation
import Testing

extension NodeTests {
    @Suite("Clients of the S3 API")
    struct ClientTests {
        @Test(
            "a client's round trip of every size and of a thousand small files is whole",
            arguments: [
                ["boto3_client.py", "when_supported"], ["boto3_client.py", "when_required"],
                ["aws_client.py"], ["s3cmd_client.py"], ["rclone_client.py"],
            ], [false, true])
        func roundTrip(script: [String], isEncrypted: Bool) async throws {
            let region = try Region("west", authority: isEncrypted ? Authority() : nil)
            try await region.start()
            let output = try await region.client(script[0], Array(script.dropFirst()))
            #expect(output.contains("all as expected"))
            try await region.stop()
        }
    }
}
