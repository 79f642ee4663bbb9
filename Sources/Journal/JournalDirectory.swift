// Where the journal's files are, and the manifest that says which generation of them counts.
//
// The manifest is only ever replaced whole: written beside, synced, renamed over, directory synced. Files
// of other generations are what a switch left behind, and are removed at the next start.

package import DiskIO

package struct JournalDirectory: Sendable {
    static let manifestName = "manifest"
    static let suffix = ".journal"

    let disk: any Disk
    package let path: String

    package init(disk: any Disk, path: String) {
        self.disk = disk
        self.path = path
    }

    /// `nil` in a directory that holds no journal yet.
    package func manifest() throws(JournalError) -> JournalManifest? {
        try onDisk { () throws(DiskError) in try disk.makeDirectory(path) }
        let file = path + "/" + Self.manifestName
        guard disk.exists(file) else {
            guard try names().isEmpty else { throw .noManifest("missing beside journal files") }
            return nil
        }
        return try JournalManifest.decode(try contents(of: file), file: Self.manifestName)
    }

    /// Makes `manifest` the one that counts; durable on return.
    package func save(_ manifest: JournalManifest) throws(JournalError) {
        try prepare(manifest)
        try switchManifest()
    }

    /// Writes `manifest` beside the one that counts. An error changes nothing.
    package func prepare(_ manifest: JournalManifest) throws(JournalError) {
        let bytes = manifest.encode()
        try onDisk { () throws(DiskError) in
            if disk.exists(preparedManifest) { try disk.remove(preparedManifest) }
            let file = try disk.open(preparedManifest, .create)
            try file.write(bytes, at: 0)
            try file.sync()
        }
    }

    /// Makes the manifest that was prepared the one that counts. After an error nobody knows which one does.
    package func switchManifest() throws(JournalError) {
        try onDisk { () throws(DiskError) in
            try disk.rename(preparedManifest, to: path + "/" + Self.manifestName)
            try disk.syncDirectory(path)
        }
    }

    private var preparedManifest: String { path + "/" + Self.manifestName + ".new" }

    /// Removes the files of generations that do not count. A generation that has no file while others have
    /// is one that was switched from: then the manifest is the old one, and nothing is removed.
    package func removeOthers(than generation: UInt64) throws(JournalError) {
        let names = try names()
        let others = names.filter { $0.place.generation != generation }
        guard others.isEmpty || others.count < names.count else {
            throw .noManifest("it names generation \(generation), of which there is no file")
        }
        var isChanged = false
        for (name, _) in others {
            try onDisk { () throws(DiskError) in try disk.remove(path + "/" + name) }
            isChanged = true
        }
        guard isChanged else { return }
        try onDisk { () throws(DiskError) in try disk.syncDirectory(path) }
    }

    /// Numbers of the files of a generation, ascending.
    func numbers(of generation: UInt64) throws(JournalError) -> [UInt64] {
        try names().filter { $0.place.generation == generation }.map(\.place.number).sorted()
    }

    static func name(_ generation: UInt64, _ number: UInt64) -> String {
        "\(generation)-\(number)" + suffix
    }

    func path(_ generation: UInt64, _ number: UInt64) -> String {
        path + "/" + Self.name(generation, number)
    }

    /// What the files of a generation hold.
    package func sizeBytes(of generation: UInt64) throws(JournalError) -> UInt64 {
        var sum: UInt64 = 0
        for number in try numbers(of: generation) {
            let path = path(generation, number)
            sum += try onDisk { () throws(DiskError) in try disk.open(path, .read).sizeBytes() }
        }
        return sum
    }

    private typealias Place = (generation: UInt64, number: UInt64)

    private func names() throws(JournalError) -> [(name: String, place: Place)] {
        let entries = try onDisk { () throws(DiskError) in try disk.list(path) }
        return entries.compactMap { name in
            guard name.hasSuffix(Self.suffix) else { return nil }
            let numbers = name.dropLast(Self.suffix.utf8.count).split(separator: "-")
            guard numbers.count == 2, let generation = UInt64(numbers[0]),
                let number = UInt64(numbers[1])
            else { return nil }
            return (name, (generation, number))
        }
    }

    private func contents(of file: String) throws(JournalError) -> [UInt8] {
        try onDisk { () throws(DiskError) in
            // A manifest is well under a page.
            try disk.open(file, .read).read(4096, at: 0)
        }
    }
}
