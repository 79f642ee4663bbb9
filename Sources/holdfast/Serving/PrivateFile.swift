// Files that only the daemon's user reads.

internal import Foundation
internal import Glibc

enum PrivateFile {
    /// Durable when it returns. Written under another name first, so that a crash leaves the old file or the new
    /// one, and never half of one.
    static func replace(_ path: String, with text: String) throws(Refusal) {
        let draft = path + ".new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("cannot write \(path): \(reason())") }
        let isDurable = Terminal.write(text, to: descriptor) && fsync(descriptor) == 0
        guard close(descriptor) == 0, isDurable, rename(draft, path) == 0,
            sync(directory(of: path))
        else { throw Refusal("cannot write \(path): \(reason())") }
    }

    private static func directory(of path: String) -> String {
        let directory = (path as NSString).deletingLastPathComponent
        return directory.isEmpty ? "." : directory
    }

    private static func sync(_ directory: String) -> Bool {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        let isSynced = fsync(descriptor) == 0
        return close(descriptor) == 0 && isSynced
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
