// `holdfast history`: what a key or a tag showed before, as long as its bucket keeps it.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the versions of a key or a tag that are kept, newest first.")

    @Argument(help: "BUCKET/KEY, or BUCKET:REPOSITORY:TAG.")
    var subject: String

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let client = try daemon.client()
        var request = HistoryRequestDocument(subject: try HistorySubjectDocument(text: subject))
        var whole: HistoryDocument?
        repeat {
            let page = try await DaemonOptions.answer { [request] in
                try await client.post(AdminCall.history, request, as: HistoryDocument.self)
            }
            request.before = page.isTruncated ? page.versions.last?.version : nil
            let earlier = whole?.versions ?? []
            whole = page
            whole?.versions = earlier + page.versions
        } while request.before != nil
        guard let whole else { return }
        if json {
            Terminal.write(String(buffer: try JSONDocument.encode(whole)), to: STDOUT_FILENO)
        } else {
            print(whole.bucket + "/" + whole.key)
            if whole.versions.isEmpty { print("nothing is known of it") }
            for entry in whole.versions { print(Self.line(entry)) }
        }
    }

    static func line(_ entry: HistoryDocument.Entry) -> String {
        let time = HistoryTime.text(entry.writtenMilliseconds)
        let mark = entry.isVisible ? "*" : " "
        let what =
            entry.isDeletion
            ? "deleted"
            : (entry.names ?? entry.digest ?? "") + ", "
                + StatusScreen.bytes(entry.sizeBytes ?? 0)
        var rest: [String] = []
        if entry.isPending { rest.append("waits to be complete here") }
        if let until = entry.keptUntilMilliseconds {
            rest.append("kept until " + HistoryTime.text(until))
        }
        if let id = entry.versionID {
            rest.append(id == entry.version ? "a version of S3" : "version \(id) of S3")
        }
        if let writer = entry.writer { rest.append("by " + writer) }
        return "\(mark) \(time)  \(entry.version)  \(what)"
            + (rest.isEmpty ? "" : " (" + rest.joined(separator: ", ") + ")")
    }
}

extension HistorySubjectDocument {
    /// `BUCKET/KEY` or `BUCKET:REPOSITORY:TAG`. Throws a `Refusal`. Neither bucket names nor tags have
    /// colons or slashes in them, so whichever comes first decides.
    init(text: String) throws {
        if let place = text.firstIndex(where: { $0 == "/" || $0 == ":" }), text[place] == "/" {
            self.init(
                bucket: String(text[..<place]), key: String(text[text.index(after: place)...]))
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
            throw Refusal("“\(text)” is neither BUCKET/KEY nor BUCKET:REPOSITORY:TAG")
        }
        self.init(bucket: parts[0], repository: parts[1], tag: parts[2])
    }
}

/// Times as people write and read them, in UTC.
enum HistoryTime {
    static func text(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(Date.ISO8601FormatStyle())
    }

    /// `2026-01-31T12:00:00Z`, or how long ago: `90s`, `30m`, `2h`, `7d`. `nil` for anything else.
    static func milliseconds(_ text: String, now: Int64) -> Int64? {
        if let date = try? Date.ISO8601FormatStyle().parse(text) {
            return Int64(date.timeIntervalSince1970 * 1000)
        }
        let units: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...1_000_000).contains(count)
        else { return nil }
        return now - count * unit
    }
}
