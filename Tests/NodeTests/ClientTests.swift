// S3 clients, as people use them: each makes its round trip of every size.

import Foundation
import Testing

extension NodeTests {
    @Suite("Clients of the S3 API")
    struct ClientTests {
        static let scripts = [
            ["boto3_client.py", "when_supported"], ["boto3_client.py", "when_required"],
            ["boto3_client.py", "old"], ["aws_client.py"], ["s3cmd_client.py"],
            ["rclone_client.py"],
        ]

        /// How clients reach the region.
        enum Way: CaseIterable {
            case path, pathEncrypted
            /// By `<bucket>.s3.test`, which no resolver knows: the region is their proxy, and is sent targets in
            /// absolute form (RFC 9112 section 3.2.2).
            case virtualHost
        }

        @Test(
            "a client's round trip of every size and of a thousand small files is whole",
            arguments: scripts, Way.allCases)
        func roundTrip(script: [String], way: Way) async throws {
            let region = try Region("west", authority: way == .pathEncrypted ? Authority() : nil)
            region.settings["HOLDFAST_DOMAIN"] = "s3.test"
            try await region.start()
            var environment: [String: String] = [:]
            if way == .virtualHost {
                environment = [
                    "ENDPOINT": "http://s3.test", "STYLE": "virtual", "http_proxy": region.url,
                ]
            }
            if script.last == "old" { environment["PATH"] = Checkout.pathOfOldClients }
            let output = try await region.client(
                script[0], Array(script.dropFirst()), environment: environment)
            #expect(output.contains("all as expected"))
            try await region.stop()
        }
    }
}
