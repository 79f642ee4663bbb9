// The space that is kept for what makes room: deletes, drops and compaction. Below it nothing that grows
// the store is taken: no commit of a write, no body, and no chunk of a body that is under way.
//
// The disk is asked by the committer before each group, and on the threads that append before each chunk.
// In between its last answer stands, so that a write is admitted without waiting for a disk; an answer
// that would refuse it is asked for anew, so that nobody is refused for longer than the disk is full.
//
// What makes room may eat into the reserve, but leaves the floor alone (`requireAboveFloor`).
//
// Below the floor, which only others can take the space to, nothing is committed or opened at all: journal
// and index could not be written to the end (RocksDB aborts the process over some writes that fail).

package import DiskIO
package import Logging
internal import Storage
internal import Synchronization

package final class SpaceReserve: Sendable {
    /// What the file systems said last. Journal and index have to grow with every write, bodies fill the
    /// chunk files; these may be on disks of their own.
    private struct Answer: Sendable {
        var metadataBytes = UInt64.max
        var chunkBytes = UInt64.max
    }

    /// What may be written.
    enum Room: Sendable {
        case ample
        /// Only what makes room.
        case reserve
        case none
    }

    private static let floorLimitBytes: UInt64 = 24 << 20

    private let disk: any Disk
    private let metadataDirectories: [String]
    private let chunkDirectories: [String]
    private let reserveBytes: UInt64
    private let logger: Logger
    private let answer = Mutex(Answer())

    package init(
        disk: any Disk, metadataDirectories: [String], chunkDirectories: [String],
        reserveBytes: UInt64, logger: Logger
    ) {
        self.disk = disk
        self.metadataDirectories = metadataDirectories
        self.chunkDirectories = chunkDirectories
        self.reserveBytes = reserveBytes
        self.logger = logger
    }

    /// How much may be written now. Blocks.
    func room() -> Room {
        let now = ask()
        guard isReached(by: 0, now) else { return .ample }
        return min(now.metadataBytes, now.chunkBytes) < floorBytes ? .none : .reserve
    }

    /// Throws `insufficientStorage` where a body of so many bytes would eat into the reserve. Blocks.
    func require(_ bytes: UInt64 = 0) throws(StorageError) {
        guard isReached(by: bytes, ask()) else { return }
        throw StorageError(.insufficientStorage, "the disk is full up to its reserve")
    }

    /// Throws `insufficientStorage` below the floor. Blocks.
    func requireFloor() throws(StorageError) {
        guard room() == .none else { return }
        throw StorageError(
            .insufficientStorage, "the disk is full: less than \(floorBytes) bytes are free")
    }

    /// For what makes room and needs some for that: may eat into the reserve, and not go down to the floor,
    /// below which nobody could commit that room was made. Throws `insufficientStorage` where so many bytes
    /// more, in journal or chunk files, would. Blocks.
    func requireAboveFloor(journalBytes: UInt64 = 0, chunkBytes: UInt64 = 0) throws(StorageError) {
        let now = ask()
        guard reserveBytes > 0,
            now.metadataBytes < floorBytes.addingClamped(journalBytes)
                || now.chunkBytes < floorBytes.addingClamped(chunkBytes)
        else { return }
        throw StorageError(.insufficientStorage, "the disk is full: there is no room to make room")
    }

    /// As `require`; waits for the disk, on a thread of the pool, only where its last answer refuses.
    func admit(_ bytes: UInt64, _ pool: BlockingPool) async throws {
        guard isReached(by: bytes, answer.withLock { $0 }) else { return }
        try await pool.run { try self.require(bytes) }
    }

    private func isReached(by bytes: UInt64, _ answer: Answer) -> Bool {
        let (needed, isTooMuch) = reserveBytes.addingReportingOverflow(bytes)
        return isTooMuch || answer.metadataBytes < reserveBytes || answer.chunkBytes < needed
    }

    /// The most of it is left for deletes; the floor has to hold a memtable and its journal.
    private var floorBytes: UInt64 { min(Self.floorLimitBytes, reserveBytes / 2) }

    private func ask() -> Answer {
        let now = question()
        answer.withLock { $0 = now }
        return now
    }

    /// A disk that does not say how full it is will be asked by the write itself.
    private func question() -> Answer {
        do throws(DiskError) {
            var answer = Answer()
            for directory in metadataDirectories {
                let bytes = try disk.space(at: directory).availableBytes
                answer.metadataBytes = min(answer.metadataBytes, bytes)
            }
            // A chunk goes to the roomiest of them.
            var roomiest: UInt64 = 0
            for directory in chunkDirectories {
                roomiest = max(roomiest, try disk.space(at: directory).availableBytes)
            }
            answer.chunkBytes = roomiest
            return answer
        } catch {
            logger.warning("free space is not known", metadata: ["error": "\(error)"])
            return Answer()
        }
    }
}

extension UInt64 {
    fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, isTooMuch) = addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }
}
