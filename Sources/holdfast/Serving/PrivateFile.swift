// Files that hold a secret: only the daemon's user reads them. They are written by one process alone, since the data
// directory is locked.

internal import Foundation
internal import Glibc

enum PrivateFile {
    /// The values of the lines `NAME=value`; `nil` where there is no such file. Throws a `Refusal` for one that
    /// others can read.
    static func load(_ path: String) throws -> [String: String]? {
        guard access(path, F_OK) == 0 else { return nil }
        var status = stat()
        guard stat(path, &status) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw Refusal("cannot read the key in \(path): \(reason())")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw Refusal("\(path) is readable by others; run chmod 600 on it")
        }
        var values: [String: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return values
    }

    /// Under another name first, so that a crash leaves no half a key.
    static func write(_ text: String, to path: String, in directory: String) throws {
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("cannot write \(path): \(reason())") }
        let isDurable = Terminal.write(text, to: descriptor) && fsync(descriptor) == 0
        guard close(descriptor) == 0, isDurable, rename(draft, path) == 0, sync(directory) else {
            throw Refusal("cannot write \(path): \(reason())")
        }
    }

    private static func sync(_ directory: String) -> Bool {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        let isSynced = fsync(descriptor) == 0
        return close(descriptor) == 0 && isSynced
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
