import Access
import Synchronization

/// One access key whose secret a test changes.
final class RotatingCredentials: CredentialSource {
    let secret = Mutex("")

    func credential(for accessKey: String) async throws -> Credential? {
        Credential(
            accessKey: accessKey, secret: secret.withLock { $0 }, principal: .root)
    }
}
