// What the simulated disk promises to take away, and to leave.

import DiskIO
import Foundation
import Simulation
import Testing

@Suite("A simulated power loss")
struct SimulatedDiskTests {
    private func content(_ disk: SimulatedDisk, _ path: String) throws -> [UInt8] {
        try disk.open(path, .read).bytes(1 << 20, at: 0)
    }

    @Test("what was synced stays and what was not is gone")
    func dropsUnsynced() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/a", .create)
        try file.write([UInt8](repeating: 1, count: 1000), at: 0)
        try file.sync()
        try disk.syncDirectory("/")
        try file.write([UInt8](repeating: 2, count: 1000), at: 500)
        disk.crash(.everything)
        disk.restart()
        #expect(try content(disk, "/a") == [UInt8](repeating: 1, count: 1000))
    }

    @Test("a name is gone unless its directory was synced, whatever became of the file")
    func dropsNames() throws {
        let disk = SimulatedDisk()
        try disk.makeDirectory("/d")
        let file = try disk.open("/d/a", .create)
        try file.sync()
        try disk.syncDirectory("/")
        disk.crash(.everything)
        disk.restart()
        #expect(try disk.list("/d") == [])
    }

    @Test("a rename or removal that was not synced is undone")
    func undoesNames() throws {
        let disk = SimulatedDisk()
        for name in ["/a", "/b"] { try disk.open(name, .create).write(Array(name.utf8), at: 0) }
        for name in ["/a", "/b"] { try disk.open(name, .readWrite).sync() }
        try disk.syncDirectory("/")
        try disk.rename("/a", to: "/b")
        disk.crash(.everything)
        disk.restart()
        #expect(try content(disk, "/a") == Array("/a".utf8))
        #expect(try content(disk, "/b") == Array("/b".utf8))
    }

    @Test("a random crash keeps some sectors, whole, and another seed keeps others")
    func tears() throws {
        func kept(_ seed: UInt64) throws -> [UInt8] {
            let disk = SimulatedDisk()
            let file = try disk.open("/a", .create)
            try file.write([UInt8](repeating: 1, count: 32 * 512), at: 0)
            try file.sync()
            try disk.syncDirectory("/")
            try file.write([UInt8](repeating: 2, count: 32 * 512), at: 0)
            disk.crash(.random(seed: seed))
            disk.restart()
            return try content(disk, "/a")
        }
        let first = try kept(1)
        #expect(first.contains(1) && first.contains(2))
        for sector in 0..<32 {
            #expect(Set(first[sector * 512..<(sector + 1) * 512]).count == 1)
        }
        #expect(try kept(1) == first)
        #expect(try kept(2) != first)
    }

    @Test(
        "after a failed sync the bytes read back well, the next sync succeeds, and a crash takes them"
    )
    func failedSync() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/a", .create)
        try disk.syncDirectory("/")
        try file.write([1, 2, 3], at: 0)
        disk.fail(call: disk.calls.count + 1, with: EIO)
        #expect(throws: DiskError.self) { try file.sync() }
        #expect(try file.bytes(3, at: 0) == [1, 2, 3])
        try file.sync()
        disk.crash(.everything)
        disk.restart()
        #expect(try content(disk, "/a") != [1, 2, 3])
    }

    @Test("the power goes at the call it was set for, and handles from before stay dead")
    func crashesAtCall() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/a", .create)
        try disk.syncDirectory("/")
        disk.crash(atCall: 4, .everything)
        try file.write([1], at: 0)
        #expect(throws: DiskError.self) { try file.sync() }
        #expect(disk.isPoweredOff)
        #expect(throws: DiskError.self) { try disk.open("/a", .read) }
        disk.restart()
        #expect(throws: DiskError.self) { try file.write([1], at: 0) }
        #expect(try content(disk, "/a") == [])
        #expect(disk.calls.map(\.operation) == [.create, .syncDirectory, .write, .sync])
    }

    @Test("a killed process loses its handles and nothing that it wrote")
    func kills() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/a", .create)
        try file.write([1], at: 0)
        let lock = try disk.lock("/lock")
        disk.kill()
        #expect(throws: DiskError.self) { try file.write([2], at: 0) }
        #expect(try content(disk, "/a") == [1])
        let next = try disk.lock("/lock")
        withExtendedLifetime((lock, next)) {}
    }

    @Test("a full disk takes the beginning and says so")
    func full() throws {
        let disk = SimulatedDisk(availableBytes: 10)
        let file = try disk.open("/a", .create)
        let error = #expect(throws: DiskError.self) {
            try file.write([UInt8](repeating: 1, count: 11), at: 0)
        }
        #expect(error?.code == ENOSPC)
        #expect(try file.sizeBytes() == 5)
    }

    @Test("a flipped bit stays flipped")
    func flips() throws {
        let disk = SimulatedDisk()
        let file = try disk.open("/a", .create)
        try file.write([0, 0], at: 0)
        try file.sync()
        try disk.syncDirectory("/")
        disk.flip("/a", at: 1, bit: 3)
        #expect(try content(disk, "/a") == [0, 8])
        disk.crash(.everything)
        disk.restart()
        #expect(try content(disk, "/a") == [0, 8])
    }
}
