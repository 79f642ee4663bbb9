// What is being read. A read pins the stretches of files it will touch, from before it looks at the first
// byte until its last byte is on the wire; punching and unlinking wait until no pin overlaps what they
// would take. Pins are in memory: a process that is gone reads nothing.

internal import Synchronization

/// The pins of a store.
package final class ChunkPins: Sendable {
    private struct State: Sendable {
        /// How many reads pin each stretch of each file.
        var pinned: [UInt64: [Range<UInt64>: Int]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Pins the records of `chunks` until the result is let go of.
    package func pin(
        _ chunks: some Sequence<(place: ChunkPlace, lengthBytes: UInt32)>
    ) -> ChunkLease {
        var stretches: [ChunkLease.Stretch] = []
        for (place, lengthBytes) in chunks {
            let end = place.offsetBytes + ChunkFormat.recordBytes(payloadBytes: Int(lengthBytes))
            if var last = stretches.last, last.file == place.file,
                last.range.upperBound == place.offsetBytes
            {
                last.range = last.range.lowerBound..<end
                stretches[stretches.count - 1] = last
            } else {
                stretches.append(.init(file: place.file, range: place.offsetBytes..<end))
            }
        }
        state.withLock { state in
            for stretch in stretches {
                state.pinned[stretch.file, default: [:]][stretch.range, default: 0] += 1
            }
        }
        return ChunkLease(stretches: stretches, pins: self)
    }

    /// Whether a read pins any byte of the range.
    package func isPinned(_ range: Range<UInt64>, of file: UInt64) -> Bool {
        state.withLock { state in
            state.pinned[file]?.keys.contains { $0.overlaps(range) } ?? false
        }
    }

    fileprivate func release(_ stretches: [ChunkLease.Stretch]) {
        state.withLock { state in
            for stretch in stretches {
                guard let count = state.pinned[stretch.file]?[stretch.range] else {
                    preconditionFailure("a pin is released once")
                }
                state.pinned[stretch.file]?[stretch.range] = count > 1 ? count - 1 : nil
                if state.pinned[stretch.file]?.isEmpty == true { state.pinned[stretch.file] = nil }
            }
        }
    }
}

/// Keeps chunks where they are for as long as it is referenced.
package final class ChunkLease: Sendable {
    fileprivate struct Stretch: Sendable {
        var file: UInt64
        var range: Range<UInt64>
    }

    private let stretches: [Stretch]
    private let pins: ChunkPins

    fileprivate init(stretches: [Stretch], pins: ChunkPins) {
        self.stretches = stretches
        self.pins = pins
    }

    deinit { pins.release(stretches) }
}
