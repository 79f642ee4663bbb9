import Checksums
import NIOCore
import NativeWire
import Storage
import Testing

/// A changed bit does not get past the checksum, so the mutations here are made below it: frames are taken
/// apart, their payloads changed, and their checksums made to match again.
@Suite("No input makes the decoder trap")
struct FuzzTests {
    @Test("mutated documents decode to something that encodes, or are refused", arguments: 0..<30)
    func mutations(seed: Int) throws {
        var random = RandomValues(seed: UInt64(seed) &+ 1000)
        var refused = 0
        for document in try AnyDocument.random(seed: UInt64(seed)) {
            for _ in 0..<40 {
                let mutated = Self.mutate(document.bytes, &random)
                do {
                    let again = try document.reencode(mutated)
                    #expect(try document.reencode(again) == again)
                } catch is WireError {
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
    }

    @Test("random bytes are refused", arguments: 0..<40)
    func noise(seed: Int) throws {
        var random = RandomValues(seed: UInt64(seed))
        for document in try AnyDocument.random(seed: UInt64(seed)) {
            let noise = ByteBuffer(bytes: random.bytes(random.number(0...200)))
            #expect(throws: WireError.self) { try document.reencode(noise) }
        }
    }

    private static func mutate(_ document: ByteBuffer, _ random: inout RandomValues) -> ByteBuffer {
        var frames = self.frames(of: document)
        for _ in 0...random.number(0...3) {
            let index = random.number(0...frames.count - 1)
            switch random.number(0...5) {
            case 0: frames.swapAt(index, random.number(0...frames.count - 1))
            case 1: frames.insert(frames[index], at: index)
            case 2: frames[index].append(contentsOf: random.bytes(random.number(1...8)))
            case 3: frames[index] = Array(frames[index].prefix(random.number(1...40)))
            default:
                let place = random.number(0...max(0, frames[index].count - 1))
                frames[index][place] = UInt8(random.number(0...255))
            }
        }
        var result = ByteBuffer()
        for payload in frames {
            result.writeInteger(UInt32(payload.count), endianness: .little)
            result.writeInteger(CRC32C.checksum(payload), endianness: .little)
            result.writeBytes(payload)
        }
        return result
    }

    private static func frames(of document: ByteBuffer) -> [[UInt8]] {
        var rest = document
        var result: [[UInt8]] = []
        while let length = rest.readInteger(endianness: .little, as: UInt32.self),
            rest.readInteger(as: UInt32.self) != nil,
            let payload = rest.readBytes(length: Int(length))
        {
            result.append(payload)
        }
        return result
    }
}
