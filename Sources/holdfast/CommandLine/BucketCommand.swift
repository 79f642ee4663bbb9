// `holdfast bucket`: makes buckets, says how they are kept, and lists what they hold.

internal import ArgumentParser
internal import NIOCore
internal import NativeWire
internal import RegionClient
internal import Storage

struct BucketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bucket", abstract: "Make, list, set and delete buckets, in all regions.",
        discussion: """
            Settings: layout (distribution, quay, zot or plain: whose paths its keys are, by which blobs are \
            verified and garbage is told), history.tags and history.others (how long what is overwritten or \
            deleted is kept: 30d, 12h, 0), quota.soft, quota.hard (500GiB, or none), quota.soft-objects, \
            quota.hard-objects, replication (rules with “;” between them, or none).

            A rule is include or exclude, then any of region=NAME,… (where it holds), prefix=…, \
            repository=PATTERN, tag=PATTERN, deletes=follow or deletes=stay. Of what other regions write, the \
            first rule that holds in a region and matches a key decides: "exclude region=east repository=scratch/*".
            """,
        subcommands: [Create.self, List.self, Set.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a bucket.")

        @Argument(help: "3 to 63 lower-case letters, digits, hyphens and dots.")
        var name: String

        @Argument(help: "name=value …")
        var settings: [String] = []

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let request = BucketRequestDocument(
                name: name, settings: try BucketText.settings(settings))
            let bucket: BucketEntryDocument = try await options.post(AdminCall.buckets, request)
            try options.print(bucket, "bucket \(bucket.name) is made")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the buckets, what they hold and how they are kept.")

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let list: BucketListDocument = try await options.get(AdminCall.buckets)
            try options.print(list, BucketText.table(list.buckets))
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change how a bucket is kept, from now on.")

        @Argument var name: String

        @Argument(help: "name=value …")
        var settings: [String]

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let request = BucketRequestDocument(
                name: name, settings: try BucketText.settings(settings))
            let bucket: BucketEntryDocument = try await options.post(AdminCall.setBucket, request)
            try options.print(bucket, BucketText.table([bucket]))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a bucket that holds nothing.")

        @Argument var name: String

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let request = BucketRequestDocument(name: name)
            let bucket: BucketEntryDocument = try await options.post(
                AdminCall.deleteBucket, request)
            try options.print(bucket, "bucket \(bucket.name) is deleted")
        }
    }
}

/// Buckets for a person.
enum BucketText {
    /// Throws a `Refusal` for what is no `name=value` of a setting, before the daemon is asked.
    static func settings(_ texts: [String]) throws -> [String: String] {
        var settings: [String: String] = [:]
        var probe = BucketSettings.standard
        for text in texts {
            guard let equals = text.firstIndex(of: "=") else {
                throw Refusal("“\(text)” is not name=value")
            }
            let name = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            do { try probe.set(name, to: value) } catch { throw Refusal(error.message) }
            guard settings.updateValue(value, forKey: name) == nil else {
                throw Refusal("“\(name)” is given twice")
            }
        }
        return settings
    }

    static func table(_ buckets: [BucketEntryDocument]) -> String {
        let rows = buckets.map { bucket in
            [
                bucket.name, "\(bucket.objects)", StatusScreen.bytes(bucket.bytes),
                bucket.quota ?? "-", bucket.unreadable ?? settings(bucket),
            ]
        }
        return StatusScreen.table([["BUCKET", "OBJECTS", "SIZE", "QUOTA", "SETTINGS"]] + rows)
            .joined(separator: "\n")
    }

    /// What differs from every bucket's.
    private static func settings(_ bucket: BucketEntryDocument) -> String {
        let usual = BucketSettings.standard.texts
        let own = bucket.settings.filter { usual[$0.key] != $0.value }
        return own.isEmpty
            ? "-"
            : own.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: " ")
    }
}
