// Appends batches. One thread at a time uses a writer: the committer's.
//
// Invariants: nothing that was written is written over or truncated; a file is durable, name and header,
// before its first batch, and all of it before the next file begins; after a write that failed the file is
// left for a new one, whose first sequence voids what of the failed group may have reached the disk; after a
// sync that failed nothing is written any more.

internal import Checksums
internal import DiskIO

/// The records of one atomic change, encoded.
package struct EncodedBatch: Sendable {
    /// What frames a record that is alone in its batch: the batch's header, its own type and length.
    package static let framingBytes = JournalFormat.batchHeaderBytes + 3

    package private(set) var body: [UInt8] = []
    package private(set) var recordCount: UInt32 = 0

    package init() {}

    init(body: [UInt8], recordCount: UInt32) {
        self.body = body
        self.recordCount = recordCount
    }

    package init(_ records: [JournalRecord]) {
        for record in records { append(record) }
    }

    package mutating func append(_ record: JournalRecord) {
        record.append(to: &body)
        recordCount += 1
    }

    /// Appends a record of at most `limitBytes`; `false`, and nothing is changed, where it is longer.
    package mutating func append(_ record: JournalRecord, limitBytes: Int) -> Bool {
        let start = body.count
        record.append(to: &body)
        guard body.count - start <= limitBytes else {
            body.removeLast(body.count - start)
            return false
        }
        recordCount += 1
        return true
    }
}

package final class JournalWriter: @unchecked Sendable {
    private let directory: JournalDirectory
    package let manifest: JournalManifest
    private let limits: JournalLimits
    private var file: any DiskFile
    private var number: UInt64
    private var offset: UInt64
    private var mustStartFile = false
    private var durableThrough: UInt64
    /// The sequence of the next batch.
    package private(set) var nextSequence: UInt64
    /// What the files of the generation hold.
    package private(set) var sizeBytes: UInt64

    /// Starts a new file behind all that are there. `nextSequence` is what the replay ended with.
    package init(
        _ directory: JournalDirectory, _ manifest: JournalManifest, nextSequence: UInt64,
        limits: JournalLimits
    ) throws(JournalError) {
        self.directory = directory
        self.manifest = manifest
        self.limits = limits
        self.nextSequence = nextSequence
        durableThrough = nextSequence - 1
        number = (try directory.numbers(of: manifest.generation).last ?? 0) + 1
        file = try Self.startFile(directory, manifest, number, nextSequence)
        offset = UInt64(JournalFormat.fileHeaderBytes)
        sizeBytes = try directory.sizeBytes(of: manifest.generation)
    }

    /// Where the next batch will begin.
    package var end: ReplayPoint {
        ReplayPoint(
            generation: manifest.generation, file: number, offsetBytes: offset,
            nextSequence: nextSequence)
    }

    /// Appends the batches in one write; not durable before `sync`. After an error none of them counts.
    package func append(_ batches: [EncodedBatch]) throws(JournalError) {
        if mustStartFile || offset >= limits.fileBytes { try startFile() }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            batches.reduce(0) { $0 + $1.body.count + JournalFormat.batchHeaderBytes })
        var sequence = nextSequence
        for batch in batches {
            guard batch.body.count <= limits.batchBytes else {
                throw .batchTooLarge(bytes: batch.body.count)
            }
            BatchHeader(
                bodyBytes: UInt32(batch.body.count), sequence: sequence,
                durableThrough: durableThrough, recordCount: batch.recordCount,
                bodyChecksum: CRC32C.checksum(batch.body)
            ).append(
                to: &bytes,
                at: manifest.place(file: number, offset: offset + UInt64(bytes.count)))
            bytes += batch.body
            sequence += 1
        }
        mustStartFile = true
        try onDisk { () throws(DiskError) in
            try file.write(bytes, at: offset)
        }
        mustStartFile = false
        offset += UInt64(bytes.count)
        sizeBytes += UInt64(bytes.count)
        nextSequence = sequence
    }

    /// Makes everything appended durable. After an error the writer must not be used again.
    package func sync() throws(JournalError) {
        try onDisk { () throws(DiskError) in try file.sync() }
        durableThrough = nextSequence - 1
    }

    /// Goes on in a new file.
    package func startFile() throws(JournalError) {
        if durableThrough + 1 < nextSequence { try sync() }
        // A number that was tried is not tried again: its file may be there, half made.
        number += 1
        file = try Self.startFile(directory, manifest, number, nextSequence)
        offset = UInt64(JournalFormat.fileHeaderBytes)
        sizeBytes += offset
        mustStartFile = false
    }

    private static func startFile(
        _ directory: JournalDirectory, _ manifest: JournalManifest, _ number: UInt64,
        _ firstSequence: UInt64
    ) throws(JournalError) -> any DiskFile {
        let header = JournalFileHeader(
            region: manifest.region, generation: manifest.generation, number: number,
            firstSequence: firstSequence, salt: manifest.salt
        ).encode()
        let (disk, path) = (directory.disk, directory.path(manifest.generation, number))
        return try onDisk { () throws(DiskError) in
            let file = try disk.open(path, .create)
            do throws(DiskError) {
                try file.write(header, at: 0)
                try file.sync()
                try disk.syncDirectory(directory.path)
            } catch {
                // It holds no batch; left behind where the disk refuses that too, it is read as empty. But
                // each attempt on a full disk would leave one.
                try? disk.remove(path)
                throw error
            }
            return file
        }
    }
}
