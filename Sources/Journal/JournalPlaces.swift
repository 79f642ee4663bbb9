// Where an index goes on in the journal: at its own replay point where that is of this generation, at the same
// batch where the index was followed through the generation before. So a crash right after a switch costs
// no more than any other.

internal import DiskIO

extension JournalReplay {
    /// The place that `point` means in the journal as it is now; `nil` where the journal does not have it: it
    /// was restored from an older copy, or the index was. Throws `noFiles` where all of the journal is gone.
    package static func place(
        of point: ReplayPoint, _ directory: JournalDirectory, _ manifest: JournalManifest,
        limits: JournalLimits
    ) throws(JournalError) -> ReplayPoint? {
        let numbers = try directory.numbers(of: manifest.generation)
        guard !numbers.isEmpty || point.file == 0 else {
            throw .noFiles(generation: manifest.generation)
        }
        if point.generation == manifest.generation {
            return try reaches(point, directory, manifest) ? point : nil
        }
        guard let predecessor = manifest.predecessor, predecessor.generation == point.generation,
            point.nextSequence >= predecessor.sequence
        else { return nil }
        let sequence = point.nextSequence - predecessor.sequence + predecessor.here
        return try find(sequence, directory, manifest, limits)
    }

    /// Whether the journal reaches to `point`.
    private static func reaches(
        _ point: ReplayPoint, _ directory: JournalDirectory, _ manifest: JournalManifest
    ) throws(JournalError) -> Bool {
        guard try directory.numbers(of: manifest.generation).contains(point.file) else {
            return false
        }
        return try onDisk { () throws(DiskError) in
            let path = directory.path(point.generation, point.file)
            return try directory.disk.open(path, .read).sizeBytes() >= point.offsetBytes
        }
    }

    /// Where the batch of `sequence` begins, or will begin.
    private static func find(
        _ sequence: UInt64, _ directory: JournalDirectory, _ manifest: JournalManifest,
        _ limits: JournalLimits
    ) throws(JournalError) -> ReplayPoint? {
        for number in try directory.numbers(of: manifest.generation).reversed() {
            var reader = try JournalFileReader(directory, manifest, number: number, limits: limits)
            guard let header = try reader.header(), header.firstSequence <= sequence else {
                continue
            }
            var next = header.firstSequence
            var offset = UInt64(JournalFormat.fileHeaderBytes)
            while next < sequence, let batch = try reader.batch(at: offset),
                batch.header.sequence == next
            {
                next += 1
                offset = batch.end
            }
            guard next == sequence else { return nil }
            return ReplayPoint(
                generation: manifest.generation, file: number, offsetBytes: offset,
                nextSequence: sequence)
        }
        return nil
    }
}
