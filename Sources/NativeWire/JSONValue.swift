// JSON that is put together by hand: what has no type of ours.

package indirect enum JSONValue: Sendable, Hashable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([JSONValue])
    case fields([String: JSONValue])
}

extension JSONValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .fields(let values): try container.encode(values)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }

    package init(integerLiteral value: Int) { self = .number(value) }

    package init(booleanLiteral value: Bool) { self = .flag(value) }

    package init(arrayLiteral values: JSONValue...) { self = .list(values) }

    package init(dictionaryLiteral values: (String, JSONValue)...) {
        self = .fields(Dictionary(values) { _, last in last })
    }

    /// The field of that name, where this has one.
    package subscript(name: String) -> JSONValue? {
        if case .fields(let fields) = self { fields[name] } else { nil }
    }
}
