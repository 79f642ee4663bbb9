// The root credentials of a region that was given none: made once, and kept in the data directory where
// only the daemon's user reads them. The file can be sourced by a shell, and is never logged.

internal import Foundation
internal import Glibc

enum RootKeyFile {
    static let name = "root-key.env"

    /// Reads the pair of `directory`, or makes it. The directory is locked by the caller.
    static func loadOrCreate(in directory: String) throws -> (key: KeyPair, path: String) {
        let path = directory + "/" + name
        if access(path, F_OK) == 0 { return (try load(path), path) }
        let key = KeyPair(accessKey: "HF" + random(18), secretKey: random(40))
        try write(key, to: path)
        return (key, path)
    }

    private static func load(_ path: String) throws -> KeyPair {
        var status = stat()
        guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw Refusal("cannot read the root key in \(path): \(reason())")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Refusal("\(path) is readable by others; run chmod 600 on it")
        }
        var values: [String: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        guard let access = values["AWS_ACCESS_KEY_ID"], let secret = values["AWS_SECRET_ACCESS_KEY"]
        else { throw Refusal("\(path) holds no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") }
        return KeyPair(accessKey: access, secretKey: secret)
    }

    private static func write(_ key: KeyPair, to path: String) throws {
        try PrivateFile.replace(
            path,
            with: """
                # The root credentials of this Holdfast region.
                AWS_ACCESS_KEY_ID=\(key.accessKey)
                AWS_SECRET_ACCESS_KEY=\(key.secretKey)

                """)
    }

    /// Letters and digits from the kernel's generator.
    private static func random(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String(
            (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
