// A real disk that fills up: a small file system in memory, in a mount namespace of its own, which a
// program holds so that it outlives the daemon.

import Foundation
import Testing

/// A file system of a fixed size, on a directory that only those see who enter it.
private final class SmallDisk: Sendable {
    private let holder: Program
    let directory: String

    init(_ directory: String, megabytes: Int, log: String) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        // Whoever is not root makes itself root of a namespace of its own.
        let unshare = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        let script =
            "mount -t tmpfs -o size=\(megabytes)m small \"$0\" && echo mounted && exec sleep 3600"
        holder = try Program(unshare + ["sh", "-c", script, directory], log: log)
        let holder = holder
        try await eventually("the file system is mounted") {
            guard holder.isRunning else { throw ProgramFailure(description: holder.output) }
            return holder.output.contains("mounted")
        }
    }

    /// In front of a command that is to see it.
    var entering: [String] {
        let user = geteuid() == 0 ? [] : ["-U", "--preserve-credentials"]
        return ["nsenter", "-t", "\(holder.pid)", "-m"] + user + ["--"]
    }

    /// Takes space with a file of its own until so many megabytes are left, or none at all.
    func fill(leavingMegabytes left: Int, in work: TemporaryDirectory) async throws {
        let script = """
            free=$(df -B1 --output=avail "$0" | tail -1)
            head -c $((free - $1 * 1048576)) /dev/zero >>"$0/taken" || true
            """
        try await Program.run(entering + ["sh", "-c", script, directory, "\(left)"], in: work)
    }

    func free(in work: TemporaryDirectory) async throws {
        try await Program.run(entering + ["rm", directory + "/taken"], in: work)
    }

    func unmount() async throws { try await holder.killNow() }
}

extension NodeTests {
    @Suite("A disk that fills up")
    struct DiskFullTests {
        @Test(
            "refuses writes by 507, serves and deletes, and takes writes again when there is room")
        func full() async throws {
            let region = try Region("west")
            let work = region.directory
            let disk = try await SmallDisk(region.data, megabytes: 128, log: work.path("disk.log"))
            region.wrapper = disk.entering
            region.settings["HOLDFAST_RESERVE_BYTES"] = "\(32 << 20)"
            try await region.start()
            let acked = work.path("acked")
            try await disk.fill(leavingMegabytes: 64, in: work)
            try await region.client("full_disk.py", ["fill", acked])
            try await disk.fill(leavingMegabytes: 24, in: work)
            try await region.client("full_disk.py", ["refused", acked])
            // The reserve is there for this.
            try await region.client("full_disk.py", ["deletes", acked])
            try await disk.free(in: work)
            try await region.client("full_disk.py", ["works", acked])
            // Somebody else takes the reserve as well.
            try await disk.fill(leavingMegabytes: 0, in: work)
            try await region.client("full_disk.py", ["refused", acked])
            #expect(await region.isReady())
            try await disk.free(in: work)
            try await region.client("full_disk.py", ["works", acked])
            try await killedWhileFull(region, disk, acked)
            try await region.stop()
            try await disk.unmount()
        }

        /// A start needs a little room, says so in one line, and finds everything once it has some.
        private func killedWhileFull(
            _ region: Region, _ disk: SmallDisk, _ acked: String
        ) async throws {
            let work = region.directory
            try await disk.fill(leavingMegabytes: 0, in: work)
            try await region.client("full_disk.py", ["whole", acked])
            try await region.kill()
            let refused = try region.launch()
            #expect(try await refused.exitCode(within: .seconds(60)) == 2, "\(refused.output)")
            let plain = refused.output.split(separator: "\n").filter { !$0.hasPrefix("{") }
            #expect(plain.count == 1 && plain[0].hasPrefix("holdfast: "), "\(refused.output)")
            try await disk.free(in: work)
            try await region.start()
            try await region.client("full_disk.py", ["works", acked])
        }
    }
}
