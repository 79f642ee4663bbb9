// `holdfast key`: makes keys that may do a part of what the root key may, and ends them.

internal import Access
internal import ArgumentParser
internal import NIOCore
internal import NativeWire
internal import RegionClient
internal import Storage

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list, rotate and revoke keys, which are good in all regions.",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key, and print its secret, which is shown this once.")

        @Option(help: ArgumentHelp("For people.", valueName: "name"))
        var name: String?

        @Option(help: ArgumentHelp("Only in this bucket; may be repeated.", valueName: "name"))
        var bucket: [String] = []

        @Option(
            help: ArgumentHelp(
                "Only keys that begin with this, and lists of them; may be repeated.",
                valueName: "text"))
        var prefix: [String] = []

        @Option(help: "What it may do, of read, write, delete and list, separated by commas.")
        var allow = "read,write,delete,list"

        @Option(help: ArgumentHelp("How long it is valid: 90d, 12h.", valueName: "time"))
        var expires: String?

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let life = try expires.map { text in try KeyText.seconds(text, of: "--expires") }
            let request = KeyRequestDocument(
                name: name, rights: try KeyText.rights(allow), buckets: bucket, prefixes: prefix,
                lifeSeconds: life)
            let key: NewKeyDocument = try await options.post(AdminCall.keys, request)
            try options.print(key, KeyText.text(key))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys, what they may do and how they stand; never a secret.")

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let list: KeyListDocument = try await options.get(AdminCall.keys)
            try options.print(list, KeyText.table(list.keys))
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key another secret; the one it has is good for a while more.")

        @Argument(help: "The access key.")
        var key: String

        @Option(
            help: ArgumentHelp(
                "How long: 24h; 0: not at all, nor any that it had before.", valueName: "time"))
        var grace = "24h"

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            let request = KeyChangeDocument(
                accessKey: key, graceSeconds: try KeyText.seconds(grace, of: "--grace"))
            let key: NewKeyDocument = try await options.post(AdminCall.rotateKey, request)
            try options.print(key, KeyText.text(key))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key for ever, in all regions.",
            discussion: "It cannot be taken back. Without --yes it only says so.")

        @Argument(help: "The access key.")
        var key: String

        @Flag(help: "Do it.")
        var yes = false

        @OptionGroup var options: AnswerOptions

        func run() async throws {
            guard yes else {
                throw Refusal(
                    "revoking \(key) cannot be taken back; nothing was done; give --yes to do it")
            }
            let done: RevokedKeyDocument = try await options.post(
                AdminCall.revokeKey, KeyChangeDocument(accessKey: key))
            let text = done.wasRevoked ? "was revoked before" : "is revoked"
            try options.print(done, "key \(done.accessKey) \(text)")
        }
    }
}

/// Keys for a person.
private enum KeyText {
    /// Throws a `Refusal`.
    static func rights(_ text: String) throws -> [String] {
        let rights = text.split(separator: ",").map(String.init)
        let known = KeyLimits.Right.allCases.map(\.rawValue)
        for right in rights where !known.contains(right) {
            throw Refusal(
                "--allow: “\(right)” is none of " + known.joined(separator: ", "))
        }
        return rights
    }

    /// Throws a `Refusal`.
    static func seconds(_ text: String, of option: String) throws -> Int64 {
        guard let milliseconds = UnitText.milliseconds(text) else {
            throw Refusal("\(option): “\(text)” is no time such as 90d or 12h")
        }
        return milliseconds / 1000
    }

    /// Can be sourced by a shell.
    static func text(_ key: NewKeyDocument) -> String {
        var lines = [
            "AWS_ACCESS_KEY_ID=\(key.accessKey)", "AWS_SECRET_ACCESS_KEY=\(key.secretKey)",
        ]
        if let until = key.formerUntilMilliseconds {
            lines.append("# the former secret is valid until \(HistoryTime.text(until))")
        }
        return lines.joined(separator: "\n")
    }

    static func table(_ keys: [KeyEntryDocument]) -> String {
        let rows = keys.map { key in
            [
                key.accessKey, key.name.map(Terminal.plain) ?? "-", key.state,
                (key.rights ?? []).joined(separator: ","), limits(key), key.reason ?? times(key),
            ]
        }
        let head = ["KEY", "NAME", "STATE", "MAY", "WHERE", "UNTIL"]
        return StatusScreen.table([head] + rows).joined(separator: "\n")
    }

    private static func limits(_ key: KeyEntryDocument) -> String {
        let buckets = (key.buckets ?? []).joined(separator: ",")
        let prefixes = (key.prefixes ?? []).map { Terminal.plain("/" + $0 + "*") }.joined(
            separator: ",")
        return (buckets.isEmpty ? "any bucket" : buckets) + (prefixes.isEmpty ? "" : " " + prefixes)
    }

    private static func times(_ key: KeyEntryDocument) -> String {
        let expires = key.expiresMilliseconds.map(HistoryTime.text) ?? "-"
        let former = key.formerUntilMilliseconds.map {
            " (former secret until \(HistoryTime.text($0)))"
        }
        return expires + (former ?? "")
    }
}
