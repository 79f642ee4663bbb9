// Certificates for the tests, made by openssl as people make them, and the two ways to speak to a server.

import Foundation
import HTTPServer
import NIOCore
import NIOSSL
import Testing

/// Files of a private authority, in a directory that stays until the process ends.
struct TestAuthority: Sendable {
    let directory: String

    /// The one that the server's certificates are of.
    static let shared = Result { try TestAuthority(["server", "other", "client"]) }
    /// Nobody believes this one.
    static let foreign = Result { try TestAuthority(["client"]) }

    init(_ names: [String]) throws {
        directory = NSTemporaryDirectory() + "holdfast-certificates-" + UUID().uuidString
        try issue(names)
    }

    var authorities: String { directory + "/ca.pem" }

    func files(_ name: String, clientAuthorities: String? = nil) -> TLSFiles {
        TLSFiles(
            certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key",
            clientAuthorities: clientAuthorities)
    }

    /// Makes a new certificate for each name.
    func issue(_ names: [String]) throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Config/two-regions-tls/make-certificates").path
        try Self.run([script, directory] + names)
    }

    static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command)")
    }

    /// What a client of the tests believes, and shows.
    func client(
        showing name: String? = nil, of authority: TestAuthority? = nil,
        _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authorities)
        configuration.applicationProtocols = ["h2", "http/1.1"]
        // Who closes does not wait for the server to agree.
        configuration.shutdownTimeout = .milliseconds(10)
        if let name {
            let files = (authority ?? self).files(name)
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificate)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(file: files.key, format: .pem))
        }
        change(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }
}

/// How a test speaks to its server.
enum Wire: Sendable, CaseIterable {
    case clear
    case encrypted

    func certificate() throws -> ServerCertificate? {
        switch self {
        case .clear: nil
        case .encrypted: try ServerCertificate(TestAuthority.shared.get().files("server"))
        }
    }

    func client() throws -> NIOSSLContext? {
        switch self {
        case .clear: nil
        case .encrypted: try TestAuthority.shared.get().client()
        }
    }
}

/// Where a server of the tests listens, and how it is spoken to.
struct ServerAddress: Sendable {
    let address: ListenerAddress
    var wire = Wire.clear
}
