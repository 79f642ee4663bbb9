// What a backup says of itself, in a file of its own (`copied`) beside the store: when it was made, and the newest
// stamp of anything in it. The file stays, whatever is done with the copy in between, until the region has heard of
// another one again: until then a start among others judges how old the copy is (`RefuseOldCopy`).
//
// Three lines of text: `holdfast copy 1`, `made-milliseconds N`, `newest-milliseconds N`.

internal import DiskIO
internal import Storage

struct CopyMark: Sendable, Hashable {
    private static let title = "holdfast copy 1"
    private static let limitBytes = 256

    /// By the clock of the region that made it.
    var madeMilliseconds: Int64
    /// The greatest stamp in it, which other regions' clocks have a share in.
    var newestMilliseconds: Int64

    /// How old the copy is. A clock that was behind when it was made shows by the newest stamp, one that was ahead
    /// by being later than now.
    func ageMilliseconds(nowMilliseconds: Int64) -> Int64 {
        let isPlausible = madeMilliseconds <= nowMilliseconds
        let newest = isPlausible ? max(madeMilliseconds, newestMilliseconds) : newestMilliseconds
        return nowMilliseconds - newest
    }

    /// Writes it durably; the directory is the caller's to sync.
    func write(to path: String, on disk: any Disk) throws(DiskError) {
        let text = """
            \(Self.title)
            made-milliseconds \(madeMilliseconds)
            newest-milliseconds \(newestMilliseconds)

            """
        let file = try disk.open(path, .create)
        try file.write(Array(text.utf8), at: 0)
        try file.sync()
    }

    /// `nil` where there is none. Throws `damaged` for a file that is no mark: how old the copy is nobody can say
    /// then.
    static func read(_ path: String, on disk: any Disk) throws -> CopyMark? {
        guard disk.exists(path) else { return nil }
        let file = try disk.open(path, .read)
        var bytes = [UInt8](repeating: 0, count: limitBytes)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
        guard lines.count == 3, lines[0] == title,
            let made = number(lines[1], "made-milliseconds"),
            let newest = number(lines[2], "newest-milliseconds")
        else {
            throw StorageError(.damaged, "\(path) does not say when this backup was made")
        }
        return CopyMark(madeMilliseconds: made, newestMilliseconds: newest)
    }

    private static func number(_ line: Substring, _ name: String) -> Int64? {
        let words = line.split(separator: " ")
        return words.count == 2 && words[0] == name ? Int64(words[1]) : nil
    }
}
