// Reads the journal from a replay point to its end, batch by batch, trusting only what is on the disk.
//
// Every file from the point on is synced first and then dropped from memory, so that what is read is what
// a power loss would leave (a page that failed to sync reads back as good from memory). Then, for bytes
// that are not the next batch, where sequence `e` is expected:
//  1. A later file begins with sequence `f`. Batches from `f` on are void here. If `e` is `f`, the rest
//     of this file is a torn tail that an earlier recovery passed over. If `e` is less, [e, next whole
//     batch or f) was taken once and is damaged now: reported, skipped.
//  2. This is the last file, and a whole batch behind says that the journal was synced through `e` or
//     more when it was written: damage, as above.
//  3. Otherwise it is the torn tail of a group that was never acknowledged: whatever of that group lies
//     behind it is left out as well, and the next file begins with `e`.

internal import DiskIO

/// A batch, and the place behind it.
package struct ReplayedBatch: Sendable {
    package var records: [JournalRecord]
    package var end: ReplayPoint
    fileprivate var framed: FramedBatch

    /// The batch as it was written, records that this code does not know included.
    package var encoded: EncodedBatch {
        EncodedBatch(body: Array(framed.body), recordCount: framed.header.recordCount)
    }
}

/// Batches that were acknowledged and cannot be read; none where only a file's header is damaged.
package struct JournalDamage: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var offsetBytes: UInt64
    /// The commit sequences that are missing.
    package var sequences: Range<UInt64>

    /// Of a journal that ends before `sequence`, while an index was followed to `point`.
    package static func end(before point: ReplayPoint, at sequence: UInt64) -> JournalDamage? {
        guard sequence < point.nextSequence else { return nil }
        return JournalDamage(
            file: JournalDirectory.name(point.generation, point.file),
            offsetBytes: point.offsetBytes, sequences: sequence..<point.nextSequence)
    }

    package var description: String {
        "journal file \(file) is damaged at offset \(offsetBytes): "
            + (sequences.isEmpty
                ? "its header; no batch is lost"
                : "batches \(sequences.lowerBound) to \(sequences.upperBound - 1) are lost")
    }
}

package struct JournalReplay {
    private let directory: JournalDirectory
    private let manifest: JournalManifest
    private let limits: JournalLimits
    private let isLive: Bool
    /// The files still to be read, and the first sequence of each whose header is whole.
    private var files: ArraySlice<(number: UInt64, firstSequence: UInt64?)> = []
    private var reader: JournalFileReader?
    private var offset: UInt64 = 0
    private var number: UInt64 = 0
    /// The first sequence of a later file.
    private var limit: UInt64?

    /// The sequence of the next batch; at the end, what a writer goes on with.
    package private(set) var nextSequence: UInt64 = 1
    package private(set) var damage: [JournalDamage] = []
    /// Bytes behind the last batch that was taken, of a group that was never acknowledged.
    package private(set) var tornBytes: UInt64 = 0
    package private(set) var readBytes: UInt64 = 0
    /// What the files hold from the point on: about what `readBytes` comes to.
    package private(set) var totalBytes: UInt64 = 0

    /// `point` is `nil` to read from the start. Syncs the files it will read, unless they are `isLive`: of a
    /// journal that is being written, for who knows up to which batch it is synced and reads no further.
    package init(
        _ directory: JournalDirectory, _ manifest: JournalManifest, from point: ReplayPoint?,
        limits: JournalLimits, isLive: Bool = false
    ) throws(JournalError) {
        self.directory = directory
        self.manifest = manifest
        self.limits = limits
        self.isLive = isLive
        let numbers = try directory.numbers(of: manifest.generation)
        // The first generation may have none yet; any other was complete before it counted.
        guard !numbers.isEmpty || manifest.predecessor == nil else {
            throw .noFiles(generation: manifest.generation)
        }
        let first = point?.file ?? 0
        var found: [(number: UInt64, firstSequence: UInt64?)] = []
        for number in numbers where number >= first {
            found.append((number, try prepare(number)))
        }
        files = found[...]
        nextSequence = point?.nextSequence ?? manifest.firstSequence
        try openNext()
        if let point {
            offset = point.offsetBytes
            totalBytes -= min(totalBytes, offset)
        }
    }

    /// Refuses a journal of a later format, before anything is done to what is derived from it.
    package static func check(
        _ directory: JournalDirectory, _ manifest: JournalManifest, limits: JournalLimits
    ) throws(JournalError) {
        for number in try directory.numbers(of: manifest.generation) {
            var reader = try JournalFileReader(directory, manifest, number: number, limits: limits)
            _ = try reader.header()
        }
    }

    /// The next batch in order; `nil` at the end of the journal.
    package mutating func next() throws(JournalError) -> ReplayedBatch? {
        while reader != nil {
            if let limit, nextSequence >= limit {
                try openNext()
            } else if let batch = try reader?.batch(at: offset),
                batch.header.sequence == nextSequence
            {
                return try take(batch)
            } else if let reader, offset >= reader.sizeBytes {
                try endFile()
            } else {
                try skip()
            }
        }
        return nil
    }

    private mutating func take(_ batch: FramedBatch) throws(JournalError) -> ReplayedBatch {
        let records = try decode(batch)
        offset = batch.end
        readBytes += batch.end - batch.offset
        nextSequence += 1
        return ReplayedBatch(
            records: records,
            end: ReplayPoint(
                generation: manifest.generation, file: number, offsetBytes: offset,
                nextSequence: nextSequence), framed: batch)
    }

    private func decode(_ batch: FramedBatch) throws(JournalError) -> [JournalRecord] {
        let name = JournalDirectory.name(manifest.generation, number)
        var records: [JournalRecord] = []
        var rest = batch.body
        var count: UInt32 = 0
        do throws(FieldError) {
            while !rest.isEmpty {
                if let record = try JournalRecord.take(from: &rest) { records.append(record) }
                count += 1
            }
            guard count == batch.header.recordCount else {
                throw .malformed("\(batch.header.recordCount) records announced, \(count) there")
            }
        } catch {
            switch error {
            case .unknownCritical(let what):
                throw .incompatible(file: name, offset: batch.offset, what)
            case .malformed(let what):
                throw .malformed(file: name, offset: batch.offset, what)
            }
        }
        return records
    }

    /// Bytes that are not the next batch: damage or a torn tail.
    private mutating func skip() throws(JournalError) {
        guard var reader else { return }
        defer { self.reader = reader }
        let end = limit ?? .max
        var position = offset + 1
        var next: FramedBatch?
        var isDamage = limit != nil
        while let batch = try reader.nextBatch(from: position) {
            position = batch.end
            guard batch.header.sequence > nextSequence, batch.header.sequence < end else {
                continue
            }
            if next == nil { next = batch }
            isDamage = isDamage || batch.header.durableThrough >= nextSequence
            if isDamage { break }
        }
        guard isDamage else {
            tornBytes += reader.sizeBytes - offset
            offset = reader.sizeBytes
            return
        }
        guard let next else {
            offset = reader.sizeBytes
            return
        }
        report(upTo: next.header.sequence)
        offset = next.offset
    }

    /// The end of a file: what the next file does not begin with is missing.
    private mutating func endFile() throws(JournalError) {
        if let limit, nextSequence < limit { report(upTo: limit) }
        try openNext()
    }

    private mutating func report(upTo sequence: UInt64) {
        damage.append(
            JournalDamage(
                file: JournalDirectory.name(manifest.generation, number), offsetBytes: offset,
                sequences: nextSequence..<sequence))
        nextSequence = sequence
    }

    private mutating func openNext() throws(JournalError) {
        guard let file = files.popFirst() else {
            reader = nil
            // A generation had all of these before it counted.
            if let here = manifest.predecessor?.here, nextSequence < here { report(upTo: here) }
            return
        }
        number = file.number
        limit = files.lazy.compactMap(\.firstSequence).first
        offset = UInt64(JournalFormat.fileHeaderBytes)
        reader = try open(file.number)
        // A file without a whole header was being made when the power went, and holds nothing; if it
        // holds a batch after all, `next` finds it by its sequence.
        if let first = file.firstSequence, first > nextSequence { report(upTo: first) }
    }

    private func open(_ number: UInt64) throws(JournalError) -> JournalFileReader {
        try JournalFileReader(directory, manifest, number: number, limits: limits)
    }

    /// Syncs a file, drops it from memory, and reads its first sequence from the disk: out of its header, or
    /// where that is damaged, of its first whole batch.
    private mutating func prepare(_ number: UInt64) throws(JournalError) -> UInt64? {
        if !isLive {
            let path = directory.path(manifest.generation, number)
            try onDisk { () throws(DiskError) in
                let file = try directory.disk.open(path, .readWrite)
                try file.sync()
                file.evict(0..<(try file.sizeBytes()))
            }
        }
        var reader = try open(number)
        totalBytes += reader.sizeBytes
        guard let header = try reader.header() else {
            let start = UInt64(JournalFormat.fileHeaderBytes)
            guard let batch = try reader.nextBatch(from: start) else { return nil }
            let sequence = batch.header.sequence
            damage.append(
                JournalDamage(
                    file: reader.name, offsetBytes: 0, sequences: sequence..<sequence))
            return sequence
        }
        guard header.region == manifest.region, header.generation == manifest.generation,
            header.number == number, header.salt == manifest.salt
        else {
            throw .malformed(
                file: reader.name, offset: 16,
                "it belongs to region \(header.region), file \(header.generation)-\(header.number)")
        }
        return header.firstSequence
    }
}
