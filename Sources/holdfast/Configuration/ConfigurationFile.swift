// The YAML file as a layer of settings. Every key is known or refused, with its line.

internal import Foundation
internal import Yams

enum ConfigurationFile {
    static let limitBytes = 1 << 20

    static func read(_ path: String) throws -> SettingLayer {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Refusal("cannot read the configuration file \(path)")
        }
        guard data.count <= limitBytes, let text = String(data: data, encoding: .utf8) else {
            throw Refusal("\(path): a configuration file is UTF-8 text of at most 1 MiB")
        }
        return try parse(text, path: path)
    }

    static func parse(_ text: String, path: String) throws -> SettingLayer {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch let error as YamlError {
            throw Refusal("\(path): \(Self.oneLine(error))")
        }
        // A file of comments only sets nothing.
        guard let root, root.null == nil else { return [:] }
        guard let mapping = root.mapping else {
            throw Refusal("\(path):1: the file is not a mapping of keys to values")
        }
        var layer: SettingLayer = [:]
        try read(mapping, under: "", path: path, into: &layer)
        return layer
    }

    private static func read(
        _ mapping: Node.Mapping, under prefix: String, path: String, into layer: inout SettingLayer
    ) throws {
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            let name = prefix + (key.scalar?.string ?? "")
            if let setting = Setting(rawValue: name) {
                layer[setting] = try entries(of: value, for: setting, path: path, line: line)
            } else if isGroup(name), let inner = value.mapping {
                try read(inner, under: name + ".", path: path, into: &layer)
            } else if isGroup(name) {
                let message = "“\(name)” holds keys of its own: \(keys(under: name + "."))"
                throw Refusal("\(path):\(line): \(message)")
            } else {
                let accepted = keys(under: prefix)
                throw Refusal("\(path):\(line): unknown key “\(name)”; accepted: \(accepted)")
            }
        }
    }

    private static func entries(
        of value: Node, for setting: Setting, path: String, line: Int
    ) throws -> [SettingEntry] {
        func entry(_ text: String, _ node: Node) -> SettingEntry {
            SettingEntry(text: text, origin: .file(path, line: node.mark?.line ?? line))
        }
        switch (setting.shape, value) {
        case (.scalar, .scalar(let scalar)) where value.null == nil:
            return [entry(scalar.string, value)]
        case (.list, .sequence(let sequence)):
            let texts = sequence.compactMap(\.scalar?.string)
            if texts.count == sequence.count { return zip(texts, sequence).map(entry) }
        case (.mapping, .mapping(let mapping)):
            let texts = mapping.compactMap { key, value in
                key.scalar.flatMap { key in value.scalar.map { key.string + "=" + $0.string } }
            }
            if texts.count == mapping.count { return zip(texts, mapping.map(\.key)).map(entry) }
        case (.records(let keys), .sequence(let sequence)):
            return try sequence.flatMap { try fields(of: $0, keys, of: setting, path: path) }
        default:
            break
        }
        let wanted =
            switch setting.shape {
            case .scalar: "one value"
            case .list: "a list"
            case .mapping: "a mapping of names to values"
            case .records: "a list of mappings"
            }
        let message = "“\(setting.rawValue)” takes \(wanted); accepted: \(setting.accepted)"
        throw Refusal("\(path):\(line): \(message)")
    }

    /// One record: its keys with their values, in the order of `keys`.
    private static func fields(
        of record: Node, _ keys: [String], of setting: Setting, path: String
    ) throws -> [SettingEntry] {
        let line = record.mark?.line ?? 1
        guard let mapping = record.mapping else {
            let message = "“\(setting.rawValue)” takes a list of mappings"
            throw Refusal("\(path):\(line): \(message); accepted: \(setting.accepted)")
        }
        for key in mapping.keys where !keys.contains(key.scalar?.string ?? "") {
            let name = "\(setting.rawValue).\(key.scalar?.string ?? "")"
            let accepted = keys.joined(separator: ", ")
            throw Refusal(
                "\(path):\(key.mark?.line ?? line): unknown key “\(name)”; accepted: \(accepted)")
        }
        guard mapping[keys[0]]?.scalar != nil else {
            throw Refusal("\(path):\(line): one of “\(setting.rawValue)” has no “\(keys[0])”")
        }
        return keys.flatMap { key in
            let values = mapping[key]?.sequence.map(Array.init) ?? [mapping[key]].compactMap(\.self)
            return values.map { value in
                SettingEntry(
                    text: key + "=" + (value.scalar?.string ?? ""),
                    origin: .file(path, line: value.mark?.line ?? line))
            }
        }
    }

    private static func isGroup(_ name: String) -> Bool {
        !name.isEmpty && Setting.allCases.contains { $0.rawValue.hasPrefix(name + ".") }
    }

    /// The keys that may stand under `prefix`, each once.
    private static func keys(under prefix: String) -> String {
        var names: [Substring] = []
        for setting in Setting.allCases where setting.rawValue.hasPrefix(prefix) {
            let name = setting.rawValue.dropFirst(prefix.count).prefix { $0 != "." }
            if !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }

    private static func oneLine(_ error: YamlError) -> String {
        error.description.split(separator: "\n").joined(separator: " ")
    }
}
