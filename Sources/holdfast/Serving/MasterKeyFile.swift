// The master keys of a region, in a file that only the daemon's user reads: beside the data, or better elsewhere.
// Made when the first is needed, never logged, and no part of a backup.
//
// The file has one key to a line, id and key in hexadecimal, the one in use first; a line that begins with # is
// none. It is always replaced as a whole.

internal import Checksums
internal import Foundation
internal import Glibc
internal import Storage
internal import Synchronization

final class MasterKeyFile: MasterKeys {
    static let name = "master-key"

    let place: String
    /// `nil` until it was read.
    private let keys = Mutex<[SealKey]?>(nil)

    init(path: String) { place = path }

    func known() throws(StorageError) -> [SealKey] {
        try change { (_: inout [SealKey]) throws(StorageError) in }
    }

    func current() throws(StorageError) -> SealKey {
        let keys = try change { (keys) throws(StorageError) in
            guard keys.isEmpty else { return }
            keys = [.random()]
            try write(keys)
        }
        return keys[0]
    }

    func rotate() throws(StorageError) -> SealKey {
        let keys = try change { (keys) throws(StorageError) in
            keys.insert(.random(), at: 0)
            try write(keys)
        }
        return keys[0]
    }

    func keepOnly(_ ids: Set<UInt64>) throws(StorageError) {
        _ = try change { (keys) throws(StorageError) in
            keys.removeAll { !ids.contains($0.id) }
            try write(keys)
        }
    }

    /// What `body` makes of the keys counts where it does not throw. One thread at a time: it may wait for the disk.
    private func change(
        _ body: (inout [SealKey]) throws(StorageError) -> Void
    ) throws(StorageError) -> [SealKey] {
        let result: Result<[SealKey], StorageError> = keys.withLock { kept in
            Result { () throws(StorageError) in
                var keys = if let kept { kept } else { try read() }
                try body(&keys)
                kept = keys
                return keys
            }
        }
        return try result.get()
    }

    // MARK: The file

    private func read() throws(StorageError) -> [SealKey] {
        if access(place, F_OK) != 0, errno == ENOENT { return [] }
        var status = stat()
        guard stat(place, &status) == 0, let data = FileManager.default.contents(atPath: place)
        else { throw refusal("cannot read the master keys in \(place): \(reason())") }
        guard status.st_mode & 0o077 == 0 else {
            throw refusal("\(place) is readable by others; run chmod 600 on it")
        }
        var keys: [SealKey] = []
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n")
        where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0].utf8.count == 16, let id = UInt64(words[0], radix: 16),
                id != 0, let bytes = Hexadecimal.decode(String(words[1])),
                bytes.count == AES256GCM.keyBytes
            else { throw refusal("\(place) holds a line that is no key") }
            keys.append(SealKey(id: id, bytes: bytes))
        }
        guard !keys.isEmpty else { throw refusal("\(place) holds no key; put the right file back") }
        return keys
    }

    /// Whether there is a key, or one can be kept: the first is made when something is to be sealed, which is too late
    /// to find out that it cannot be. Throws `refusedToOpen`.
    func requirePlace() throws(StorageError) {
        guard access(place, F_OK) != 0 else { return }
        guard access(directory, W_OK | X_OK) == 0 else {
            throw refusal("no master key can be kept in \(place): \(directory): \(reason())")
        }
    }

    /// Under another name first, so that a crash leaves the old file or the new one.
    private func write(_ keys: [SealKey]) throws(StorageError) {
        let lines = keys.map { "\($0.idText) \(Hexadecimal.encode($0.bytes))\n" }.joined()
        let text = """
            # The master keys of this Holdfast region, the one in use first. Without them nobody reads what is
            # encrypted in its data; keep a copy apart from the data and its backups.
            \(lines)
            """
        do {
            try PrivateFile.write(text, to: place, in: directory)
        } catch {
            throw StorageError(.inputOutput, "the master key could not be kept", cause: error)
        }
    }

    private var directory: String {
        let directory = (place as NSString).deletingLastPathComponent
        return directory.isEmpty ? "." : directory
    }

    private func refusal(_ message: String) -> StorageError {
        StorageError(.refusedToOpen, message)
    }

    private func reason() -> String { String(cString: strerror(errno)) }
}
