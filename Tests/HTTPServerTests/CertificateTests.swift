// The files of a certificate: what is refused and how it is said, and how they are taken in anew.

import Foundation
import HTTPServer
import HTTPTypes
import NIOCore
import NIOSSL
import Testing

@Suite struct CertificateTests {
    struct BadPair: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var certificate = "server.pem"
        var key = "server.key"
        var authorities: String?
        /// The file that is named, and the reason.
        let says: (file: String, reason: String)
    }

    static let badPairs = [
        BadPair(
            testDescription: "no certificate file", certificate: "none.pem",
            says: ("none.pem", "No such file")),
        BadPair(
            testDescription: "no key file", key: "none.key", says: ("none.key", "No such file")),
        BadPair(
            testDescription: "a directory", certificate: "", says: ("", "Is a directory")),
        BadPair(
            testDescription: "a key for a certificate", certificate: "server.key",
            says: ("server.key", "no certificate in PEM")),
        BadPair(
            testDescription: "a certificate for a key", key: "server.pem",
            says: ("server.pem", "no private key in PEM")),
        BadPair(
            testDescription: "the key of another", key: "other.key",
            says: ("other.key", "not that of the certificate")),
        BadPair(
            testDescription: "a key with a passphrase", key: "secret.key",
            says: ("secret.key", "without a passphrase")),
        BadPair(
            testDescription: "authorities that are none", authorities: "server.key",
            says: ("server.key", "no certificate in PEM")),
        BadPair(
            testDescription: "a file without end", certificate: "large.pem",
            says: ("large.pem", "larger than")),
    ]

    @Test("a pair that cannot be used is refused by file and reason", arguments: badPairs)
    func refuses(_ pair: BadPair) throws {
        let authority = try TestAuthority(["server", "other"])
        let directory = authority.directory + "/"
        try TestAuthority.run([
            "openssl", "pkcs8", "-topk8", "-in", directory + "server.key", "-out",
            directory + "secret.key", "-passout", "pass:words",
        ])
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: directory + "large.pem"))
        let error = #expect(throws: TLSFileError.self) {
            try ServerCertificate(
                TLSFiles(
                    certificate: directory + pair.certificate, key: directory + pair.key,
                    clientAuthorities: pair.authorities.map { directory + $0 }))
        }
        #expect(error?.path == directory + pair.says.file)
        #expect(error?.reason.contains(pair.says.reason) == true, "\(error?.reason ?? "")")
    }

    /// The certificate that a new connection is shown.
    private static func shown(
        _ address: ListenerAddress, _ authority: TestAuthority
    ) async throws -> [UInt8] {
        var client = try await RawClient(address, try authority.client())
        defer { client.channel.close(promise: nil) }
        try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await client.readResponse().status == 200)
        let certificate = try await client.channel.nioSSL_peerCertificate().get()
        return try #require(certificate).toDERBytes()
    }

    @Test("new files are for new connections; a bad pair is refused, and the old one stays in use")
    func renews() async throws {
        let authority = try TestAuthority(["server", "other"])
        let certificate = try ServerCertificate(authority.files("server"))
        #expect(certificate.renew() == .unchanged)
        try await withServer(certificate: certificate) { _ in
            text(.ok, "a")
        } _: { _, server in
            let first = try await Self.shown(server.address, authority)
            var open = try await RawClient(server.address, try authority.client())
            try await open.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await open.readResponse()
            try authority.issue(["server"])
            #expect(try await Self.shown(server.address, authority) == first)
            guard case .renewed = certificate.renew() else {
                Issue.record("new files are not taken in")
                return
            }
            let second = try await Self.shown(server.address, authority)
            try authority.issue(["server"])
            let later = HTTPServiceConfiguration.currentSeconds() + 900 * 86_400
            guard case .refused(let error) = certificate.renew(nowUnixSeconds: later) else {
                Issue.record("a certificate that is no longer good is taken in")
                return
            }
            #expect(error.reason.contains("expired"), "\(error)")
            try authority.issue(["server"])
            guard case .refused(let early) = certificate.renew(nowUnixSeconds: 0) else {
                Issue.record("a certificate that is not good yet is taken in")
                return
            }
            #expect(early.reason.contains("good from"), "\(early)")
            #expect(try await Self.shown(server.address, authority) == second)
            #expect(second != first)
            try await open.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await open.readResponse().text == "a")
            open.channel.close(promise: nil)

            let files = FileManager.default
            try files.removeItem(atPath: authority.directory + "/server.key")
            try files.copyItem(
                atPath: authority.directory + "/other.key",
                toPath: authority.directory + "/server.key")
            guard case .refused(let error) = certificate.renew() else {
                Issue.record("a pair that does not fit is not refused")
                return
            }
            #expect(error.path == authority.directory + "/server.key")
            #expect(try await Self.shown(server.address, authority) == second)
            // It is said once, and again where somebody asks for it.
            #expect(certificate.renew() == .unchanged)
            guard case .refused = certificate.renew(evenUnchanged: true) else {
                Issue.record("the bad pair is not looked at again")
                return
            }
            try authority.issue(["server"])
            guard case .renewed = certificate.renew() else {
                Issue.record("a good pair after a bad one is not taken in")
                return
            }
            #expect(try await Self.shown(server.address, authority) != second)
        }
    }
}
