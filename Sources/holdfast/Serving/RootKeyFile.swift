// The root credentials of a region that was given none: made once, and kept in the data directory where
// only the daemon's user reads them. The file can be sourced by a shell, and is never logged.

enum RootKeyFile {
    static let name = "root-key.env"

    /// Reads the pair of `directory`, or makes it. The directory is locked by the caller.
    static func loadOrCreate(in directory: String) throws -> (key: KeyPair, path: String) {
        let path = directory + "/" + name
        if let values = try PrivateFile.load(path) {
            guard let access = values["AWS_ACCESS_KEY_ID"],
                let secret = values["AWS_SECRET_ACCESS_KEY"]
            else {
                throw Refusal("\(path) holds no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            }
            return (KeyPair(accessKey: access, secretKey: secret), path)
        }
        let key = KeyPair(accessKey: "HF" + random(18), secretKey: random(40))
        let text = """
            # The root credentials of this Holdfast region.
            AWS_ACCESS_KEY_ID=\(key.accessKey)
            AWS_SECRET_ACCESS_KEY=\(key.secretKey)

            """
        try PrivateFile.write(text, to: path, in: directory)
        return (key, path)
    }

    /// Letters and digits from the kernel's generator.
    private static func random(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String(
            (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }
}
