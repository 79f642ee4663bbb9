// The PEM files of an encrypted listener: read, checked against each other, and made into what connections
// are encrypted with. Reading blocks.

internal import Glibc
internal import NIOSSL

/// Where the files are.
package struct TLSFiles: Sendable, Hashable {
    /// The chain: the server's own certificate first, then those that lead to its authority.
    package var certificate: String
    /// Of the first certificate; not encrypted itself.
    package var key: String
    /// The authorities of clients. Where they are set, a client is asked for a certificate: who shows one that
    /// is not theirs is refused, who shows none is let in, and requests say which it was.
    package var clientAuthorities: String?

    package init(certificate: String, key: String, clientAuthorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }

    var paths: [String] { [certificate, key] + (clientAuthorities.map { [$0] } ?? []) }

    /// Throws where there is no certificate in the file. Blocks.
    package static func check(authorities path: String) throws(TLSFileError) {
        _ = try certificates(in: path)
    }
}

/// A file that cannot be used.
package struct TLSFileError: Error, Sendable, Hashable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}

extension TLSFiles {
    /// What connections are encrypted with, and when its certificate is good.
    struct Loaded {
        let context: NIOSSLContext
        let notBeforeUnixSeconds: Int64
        let notAfterUnixSeconds: Int64
    }

    func load() throws(TLSFileError) -> Loaded {
        let chain = try Self.certificates(in: certificate)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try Self.privateKey(in: key)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let clientAuthorities {
            configuration.trustRoots = .certificates(try Self.certificates(in: clientAuthorities))
            configuration.certificateVerification = .optionalVerification
            configuration.sendCANameList = true
        }
        do {
            return Loaded(
                context: try NIOSSLContext(configuration: configuration),
                notBeforeUnixSeconds: Int64(chain[0].notValidBefore),
                notAfterUnixSeconds: Int64(chain[0].notValidAfter))
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw TLSFileError(
                path: key, reason: "the key is not that of the certificate in \(certificate)")
        } catch {
            throw TLSFileError(path: certificate, reason: "the certificate is refused: \(error)")
        }
    }

    /// At least one.
    private static func certificates(in path: String) throws(TLSFileError) -> [NIOSSLCertificate] {
        let bytes = try read(path)
        // What the parser throws says no more than this.
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw TLSFileError(path: path, reason: "there is no certificate in PEM in it")
        }
        return found
    }

    private static func privateKey(in path: String) throws(TLSFileError) -> NIOSSLPrivateKey {
        let bytes = try read(path)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
            throw TLSFileError(
                path: path,
                reason: isEncrypted
                    ? "the key is encrypted; it is needed without a passphrase"
                    : "there is no private key in PEM in it")
        }
    }

    private static let limitBytes = 1 << 20

    private static func read(_ path: String) throws(TLSFileError) -> [UInt8] {
        func refused() -> TLSFileError {
            TLSFileError(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        guard let file = fopen(path, "re") else { throw refused() }
        defer { fclose(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: limitBytes + 1) { space, count in
            count = fread(space.baseAddress, 1, space.count, file)
        }
        guard ferror(file) == 0 else { throw refused() }
        guard bytes.count <= limitBytes else {
            throw TLSFileError(path: path, reason: "is larger than \(limitBytes) bytes")
        }
        return bytes
    }
}
