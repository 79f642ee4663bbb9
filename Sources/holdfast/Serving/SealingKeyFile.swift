// What seals the secrets of keys in a region that shares no key with others: made once, and kept in the data
// directory where only the daemon's user reads it. A region that has had one keeps it: it opens what was sealed
// before the region was given a key to share.

internal import Access
internal import Checksums
internal import Storage

enum SealingKeyFile {
    static let name = "sealing-key.env"
    private static let variable = "HOLDFAST_SEALING_KEY"

    /// `peerKey` is what the region shares with others, if anything, and `formerPeerKey` what it shared before. The
    /// directory is locked by the caller. Throws a `Refusal`.
    static func seals(
        in directory: String, peerKey: String?, formerPeerKey: String?
    ) throws -> SecretSeals {
        let path = directory + "/" + name
        let own = try load(path)
        let former = formerPeerKey.map { [SealKey.shared(byPeerKey: Array($0.utf8))] } ?? []
        if let peerKey {
            return SecretSeals(
                current: .shared(byPeerKey: Array(peerKey.utf8)),
                former: former + (own.map { [$0] } ?? []))
        }
        return SecretSeals(current: try own ?? create(path, in: directory), former: former)
    }

    private static func load(_ path: String) throws -> SealKey? {
        guard let values = try PrivateFile.load(path) else { return nil }
        guard let bytes = values[variable].flatMap(Hexadecimal.decode),
            bytes.count == 8 + AES256GCM.keyBytes
        else { throw Refusal("\(path) holds no \(variable) that was made here") }
        let id = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        guard id != 0 else { throw Refusal("\(path) holds no \(variable) that was made here") }
        return SealKey(id: id, bytes: Array(bytes.dropFirst(8)))
    }

    private static func create(_ path: String, in directory: String) throws -> SealKey {
        let key = SealKey.random()
        let text = """
            # What seals the secrets of this Holdfast region's keys. Without it they cannot be used again.
            \(variable)=\(key.idText)\(Hexadecimal.encode(key.bytes))

            """
        try PrivateFile.write(text, to: path, in: directory)
        return key
    }
}
