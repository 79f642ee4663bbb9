"""What is answered in XML, written out. Dates and tokens are masked, all else is compared to the byte."""
import re

from shared import expect

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
# A mask is written in braces that no document has.
MASKS = {"{DATE}": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "{TOKEN}": r"[^<]+", "{ID}": r"[0-9a-f]{32}"}
OWNER = "<ID>holdfast</ID><DisplayName>holdfast</DisplayName>"


def expect_document(answer, name, inner):
    """A 200 of exactly this document."""
    expected = f'{DECLARATION}<{name} xmlns="{XMLNS}">{inner}</{name}>'
    answer.expect(200, Content_Type="application/xml")
    expect_text(answer.body.decode(), expected)


def expect_text(text, expected):
    pattern = re.escape(expected)
    for mask, meaning in MASKS.items():
        pattern = pattern.replace(re.escape(mask), meaning)
    expect(re.fullmatch(pattern, text), f"\n{expected}\nnot\n{text[:4000]}")


def expect_error(answer, status, code, message, resource, details=""):
    """An error of exactly this document, whose request is the one that the header names."""
    answer.expect(status, Content_Type="application/xml")
    number = answer["x-amz-request-id"]
    expect_text(answer.body.decode(), (
        f"{DECLARATION}<Error><Code>{code}</Code><Message>{message}</Message>{details}"
        f"<Resource>{resource}</Resource><RequestId>{number}</RequestId><HostId>{number}</HostId></Error>"))


def expect_no_such_key(answer, bucket, key):
    expect_error(answer, 404, "NoSuchKey", "The specified key does not exist.", f"/{bucket}/{key}", f"<Key>{key}</Key>")


def quote(etag):
    return f"&quot;{etag}&quot;"


def refused(answer, status, code):
    """An error, whatever it says in words; the answer."""
    expect((answer.status, value(answer, "Code")) == (status, code), f"{status} {code}: {answer}")
    return answer


def etag_in(answer):
    """The ETag that a document names, without its quotes."""
    return value(answer, "ETag").replace("&quot;", "")


def values(answer, name):
    """The text of all elements of this name."""
    return re.findall(f"<{name}>([^<]*)</{name}>", answer.body.decode())


def value(answer, name):
    """The text of the one element of this name."""
    found = values(answer, name)
    expect(len(found) == 1, f"one {name}: {answer}")
    return found[0]
