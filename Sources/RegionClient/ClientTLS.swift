// Whom the outbound client believes, and what it shows, where a connection is encrypted. libcurl reads the
// files at each new connection, so that new certificates need no restart.

package struct ClientTLS: Sendable, Hashable {
    package struct Certificate: Sendable, Hashable {
        /// The chain, in PEM.
        package var path: String
        /// The key of its first certificate, in PEM.
        package var keyPath: String

        package init(path: String, keyPath: String) {
            self.path = path
            self.keyPath = keyPath
        }
    }

    /// A file in PEM; `nil`: those of the system.
    package var authorities: String?
    /// Shown to a server that asks for one.
    package var certificate: Certificate?

    package init(authorities: String? = nil, certificate: Certificate? = nil) {
        self.authorities = authorities
        self.certificate = certificate
    }
}
