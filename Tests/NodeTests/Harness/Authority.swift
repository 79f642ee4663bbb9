// A private certificate authority, made by the example that people make theirs by.

import Foundation

final class Authority: Sendable {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Whoever believes this file believes the authority.
    var file: String { directory.path("ca.pem") }

    func certificate(of name: String) -> String { directory.path("\(name).pem") }

    func key(of name: String) -> String { directory.path("\(name).key") }

    /// Makes a certificate and its key, or new ones in their place.
    func issue(_ name: String) async throws {
        let script = Checkout.root.appendingPathComponent(
            "Config/two-regions-tls/make-certificates")
        try await Program.run([script.path, directory.path, name], in: directory)
    }

    /// As `issue`, where there is none yet.
    func issueMissing(_ name: String) async throws {
        guard !FileManager.default.fileExists(atPath: key(of: name)) else { return }
        try await issue(name)
    }

    /// The serial number of the certificate that a port shows to a new connection, if it is one of this
    /// authority's.
    func serial(shownAt port: Int) async throws -> String {
        let text = try await Program.run(
            [
                "bash", "-c",
                "openssl s_client -connect 127.0.0.1:\(port) -CAfile \(file) -verify_return_error"
                    + " -verify_ip 127.0.0.1 < /dev/null 2> /dev/null | openssl x509 -noout -serial",
            ], in: directory)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func serial(in path: String) async throws -> String {
        let text = try await Program.run(
            ["openssl", "x509", "-noout", "-serial", "-in", path], in: directory)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
