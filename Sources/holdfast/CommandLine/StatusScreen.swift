// The one screen of `holdfast status`: text for a person, from the daemon's document.

internal import NativeWire

struct StatusScreen: Sendable {
    /// Rows of a list that a screen has room for; how many more there are is said.
    static let rows = 10

    private let status: StatusDocument

    init(_ status: StatusDocument) { self.status = status }

    var text: String {
        (heading + store + peers + transfers + jobs + troubles).map { $0 + "\n" }.joined()
    }

    private var heading: [String] {
        let region = status.region
        let up = Self.duration(milliseconds: Int64(region.uptimeSeconds) * 1000)
        return ["region \(region.name) (\(region.id)), holdfast \(region.version), up \(up)", ""]
    }

    private var store: [String] {
        let store = status.store
        return [
            "objects   \(store.objects), \(Self.bytes(store.logicalBytes))",
            "blobs     \(store.blobs)",
            "uploads   \(store.uploads) open",
            "on disk   \(Self.bytes(store.physicalBytes)) chunks,"
                + " \(Self.bytes(store.journalBytes)) journal",
            "free      \(Self.bytes(store.availableBytes))",
        ]
            + (store.deadBytes.map { dead in
                ["garbage   \(Self.bytes(dead)), \(Self.bytes(store.freedBytes)) given back"]
            } ?? [])
            + encryption
    }

    private var encryption: [String] {
        guard let keys = status.store.details["data_keys"], keys > 0 else { return [] }
        return ["encrypted under \(keys) data key\(keys == 1 ? "" : "s") of the master key"]
    }

    private var peers: [String] {
        guard !status.replication.peers.isEmpty else { return ["", "follows no other region"] }
        let rows = status.replication.peers.map { peer in
            [
                peer.name, peer.isConnected ? "connected" : "not connected",
                Self.lag(peer.lag), peer.cursor ?? "-", peer.url,
            ]
        }
        let table = Self.table([["REGION", "STATE", "LAG", "POSITION", "URL"]] + rows)
        let reasons = status.replication.peers.compactMap { peer in
            peer.lastError.map { "  \(peer.name): \($0)" }
        }
        return [""] + table + reasons
    }

    private var transfers: [String] {
        let fetches = status.replication.fetches.filter { $0.source != nil }
        return Self.list("transfers", fetches) { fetch in
            "\(fetch.blob) from \(fetch.source ?? "-"):"
                + " \(Self.bytes(fetch.receivedBytes)) of \(Self.bytes(fetch.sizeBytes))"
        }
    }

    private var jobs: [String] {
        Self.list("jobs", status.jobs) { job in
            "\(job.id) \(job.kind) \(job.state.rawValue)" + JobText(job).afterState
        }
    }

    private var troubles: [String] {
        let parked = Self.list("keeps failing (and is retried)", status.replication.parked) {
            "\($0.bucket)/\($0.key): \($0.reason)"
        }
        let refused = Self.list("sent wrong bytes", status.replication.refusedSources) {
            "\($0.peer) for \($0.blob), \($0.times) times"
        }
        let damaged = Self.list("damaged here (holdfast repair mends them)", status.damage) {
            "\($0.blob), \(Self.bytes($0.sizeBytes)): \($0.reason)"
        }
        let full = Self.list("quotas", status.quotas ?? []) {
            "bucket \($0.name) \($0.quota ?? ""): \($0.objects) objects, \(Self.bytes($0.bytes))"
        }
        return damaged + full + parked + refused
    }

    private static func list<Row>(
        _ heading: String, _ values: [Row], _ line: (Row) -> String
    ) -> [String] {
        guard !values.isEmpty else { return [] }
        let more = values.count > rows ? ["  and \(values.count - rows) more"] : []
        return ["", heading] + values.prefix(rows).map { "  " + line($0) } + more
    }

    static func lag(_ lag: StatusDocument.Lag) -> String {
        guard lag.pendingEntries > 0 else { return "none" }
        let age = lag.oldestMilliseconds.map { duration(milliseconds: $0) + ", " } ?? ""
        return "\(age)\(lag.pendingEntries) objects, \(bytes(lag.outstandingBytes))"
    }

    static func table(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// In binary units, to one decimal.
    static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var unit = 0
        var divisor: UInt64 = 1
        while count / divisor >= 1024, unit + 1 < units.count {
            (unit, divisor) = (unit + 1, divisor * 1024)
        }
        guard unit > 0 else { return "\(count) B" }
        let tenths = count / (divisor / 10)
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    static func duration(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        return switch seconds {
        case ..<1: "\(milliseconds) ms"
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}
