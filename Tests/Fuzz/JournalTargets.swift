// The journal: records, whole files, and the manifest. Checksums are made to match, since a fuzzer never
// guesses one and a forger can compute it.

import Checksums
import DiskIO
import Simulation
import Storage

@testable import Journal

/// Bytes as the body of a batch: each record that is understood is written again and understood alike.
@Sendable func fuzzJournalRecords(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let before = rest.count
        guard let record = try? JournalRecord.take(from: &rest) else {
            // Refused, or passed over: then it was taken off.
            guard rest.count < before else { return }
            continue
        }
        var encoded: [UInt8] = []
        record.append(to: &encoded)
        var again = encoded[...]
        let decoded = try? JournalRecord.take(from: &again)
        precondition(
            decoded == record && again.isEmpty, "\(record) became \(String(describing: decoded))")
    }
}

/// A journal of two whole batches with bytes behind them: those two are read, whatever follows.
@Sendable func fuzzJournalFile(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let cut = Int(input.byte())
    let flip = Int(input.byte())
    do {
        let disk = SimulatedDisk()
        let directory = JournalDirectory(disk: disk, path: "/journal")
        _ = try directory.manifest()
        let manifest = JournalManifest(region: RegionID(1), generation: 1, salt: 9)
        try directory.save(manifest)
        var limits = JournalLimits()
        limits.windowBytes = 256
        let writer = try JournalWriter(
            directory, manifest, nextSequence: 1, limits: limits)
        let record = JournalRecord.fileRetired(7)
        try writer.append([EncodedBatch([record]), EncodedBatch([record, record])])
        try writer.sync()
        let end = writer.end
        // A third batch, of which a part may be missing or changed, and then what was given.
        var third = EncodedBatch()
        third.append(record)
        try writer.append([third])
        let path = directory.path(1, end.file)
        let file = try disk.open(path, .readWrite)
        let size = try file.sizeBytes()
        let place = end.offsetBytes + UInt64(cut) % max(1, size - end.offsetBytes)
        try file.write([UInt8](input.rest), at: place)
        if flip > 0, place > end.offsetBytes {
            disk.flip(path, at: place - 1, bit: UInt8(flip % 8))
        }
        var replay = try JournalReplay(directory, manifest, from: nil, limits: limits)
        var batches: [[JournalRecord]] = []
        while let batch = try replay.next() { batches.append(batch.records) }
        precondition(
            batches.count >= 2 && batches[0] == [record] && batches[1] == [record, record],
            "synced batches are not read: \(batches)")
        precondition(replay.nextSequence >= UInt64(batches.count) + 1)
    } catch {
        // Bytes of a later format, or a forged batch that cannot be understood, refuse the start.
        precondition(error as any Error is JournalError, "\(error)")
    }
}

/// A manifest whose checksum holds.
@Sendable func fuzzJournalManifest(_ bytes: [UInt8]) {
    let disk = SimulatedDisk()
    let directory = JournalDirectory(disk: disk, path: "/journal")
    var input = FuzzInput(bytes)
    let isFramed = input.byte() & 1 == 0
    var content: [UInt8] = isFramed ? JournalManifest.magic : []
    if isFramed {
        content.append(littleEndian: UInt32(input.rest.count))
        content.append(littleEndian: CRC32C.checksum(Array(input.rest)))
    }
    content += input.rest
    do {
        try disk.makeDirectory("/journal")
        try disk.open("/journal/manifest", .create).write(content, at: 0)
        guard let manifest = try directory.manifest() else {
            preconditionFailure("a manifest that is there is read or refused")
        }
        try directory.save(manifest)
        let again = try directory.manifest()
        precondition(again == manifest, "\(manifest) became \(String(describing: again))")
    } catch is JournalError {
    } catch {
        preconditionFailure("\(error)")
    }
}
