// Documents that clients send.

import NIOCore
import S3API
import Testing

@Suite("Documents of clients")
struct DocumentTests {
    @Test(
        "one that is no UTF-8 is refused, wherever the bytes are; FoundationXML alone would trap",
        arguments: [
            Array("<Delete><a".utf8) + [0xff, 0xff] + Array("b>x</Delete>".utf8),
            Array("<Delete>".utf8) + [0xff] + Array("</Delete>".utf8),
            Array("<Delete a='".utf8) + [0xc3] + Array("'/>".utf8),
            Array("<?xml version=\"?><C".utf8) + [0xff, 0xff, 0xff]
                + Array("omplet<Delete>ete><QueMul&tip".utf8),
            [0xff, 0xfe, 0x3c, 0x00],
        ] as [[UInt8]])
    func noText(bytes: [UInt8]) {
        #expect(throws: S3Error.self) {
            _ = try XMLElement.parse(
                ByteBuffer(bytes: bytes), root: "Delete", depth: 8, elements: 9)
        }
    }

    @Test(
        "an instruction is refused: one without data would end the process",
        arguments: [
            "<Delete><?x?></Delete>", "<?x?><Delete/>", "<?x y?><Delete/>", "<?xml version='1.0'",
            "<?xml version='1.0'?x><Delete><?x?></Delete>",
            "<?xml version='1.0'?><Delete><?xml version='1.0'?></Delete>",
        ])
    func instructions(text: String) {
        #expect(throws: S3Error.self) { try parse(text) }
    }

    @Test(
        "what clients really send is read",
        arguments: [
            "<Delete><Quiet>true</Quiet></Delete>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<Delete><Quiet>true</Quiet></Delete>",
            "\u{FEFF}<?xml version='1.0' encoding='utf-8'?><!-- c --><Delete><Quiet>true</Quiet></Delete>",
            "<Delete xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Quiet><![CDATA[true]]></Quiet></Delete>",
        ])
    func plain(text: String) throws {
        #expect(try parse(text).child("Quiet")?.text == "true")
    }

    @Test(
        "a tag has as many attributes as it may, and no more, however they are written",
        arguments: ["a#=''", "xmlns:a#=\"u\"", "a#='>'", "a# = '>'", "a#=\n\t\"<\""])
    func attributes(form: String) {
        func document(_ count: Int) -> String {
            let attributes = (0..<count).map { form.replacing("#", with: "\($0)") }
            return "<Delete \(attributes.joined(separator: " "))><Quiet>true</Quiet></Delete>"
        }
        if !form.contains("<") {
            #expect(throws: Never.self) { try parse(document(64)) }
        }
        for count in [65, 200_000] {
            let error = #expect(throws: S3Error.self) { try parse(document(count)) }
            #expect(error?.code == .malformedXML)
        }
    }

    @Test("attributes are counted for each tag anew")
    func attributesOfTags() throws {
        let attributes = (0..<40).map { "a\($0)=''" }.joined(separator: " ")
        let text = "<Delete \(attributes)><Quiet \(attributes)>true</Quiet></Delete>"
        #expect(try parse(text).child("Quiet")?.text == "true")
    }

    private func parse(_ text: String) throws -> XMLElement {
        try XMLElement.parse(ByteBuffer(string: text), root: "Delete", depth: 8, elements: 9)
    }
}
