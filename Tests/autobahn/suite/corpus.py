"""What the compressed messages are cut from: five kinds of content, 192 KiB each and the same at every run."""

import functools
import json
import random
import zlib

SIZE = 192 << 10
CELL = 16
WORDS = (
    "Der Herr schafft über Nacht große Wege und findet im Tal den alten Turm wo Wind Licht Stein Wasser Mühe Zeit "
    "Geist Freude Schmerz Himmel Erde leise fröhlich müßig weiß dunkel kühn sucht hört trägt glaubt ich du wir ihr "
    "nicht doch"
).split()


@functools.cache
def corpus(name):
    """Text is valid UTF-8 in every cell of 16 bytes, so that any message of whole cells is."""
    content = {"json": json_text, "html": html_text, "german": german_text, "picture": picture, "document": document}
    return content[name](random.Random(7692))[:SIZE]


def is_text(name):
    return name in ("json", "html")


def cells(texts):
    """`texts` one after another, with spaces where a code point would lie across two cells."""
    content = bytearray()
    while len(content) < SIZE:
        for character in next(texts):
            encoded = character.encode()
            room = CELL - len(content) % CELL
            content += b" " * room + encoded if len(encoded) > room else encoded
    return bytes(content)


def words(chosen, count):
    return " ".join(chosen.choices(WORDS, k=count))


def json_text(chosen):
    def records():
        for number in range(1 << 20):
            record = {
                "id": number,
                "name": words(chosen, 2),
                "active": chosen.random() < 0.5,
                "score": round(chosen.random() * 1000, 3),
                "tags": chosen.sample(WORDS, 3),
                "text": words(chosen, 12),
            }
            yield json.dumps(record, ensure_ascii=False, indent=2) + ",\n"

    return cells(records())


def html_text(chosen):
    def rows():
        for number in range(1 << 20):
            target = f"/seite/{number}?q={chosen.randrange(1 << 16)}"
            link = f'<a href="{target}" class="{chosen.choice("abc")}">{words(chosen, 3)}</a>'
            yield f'<tr id="r{number}"><td class="name">{link}</td><td>{words(chosen, 9)} €</td></tr>\n'

    return cells(rows())


def german_text(chosen):
    return cells(words(chosen, chosen.randrange(5, 14)) + ".\n" for _ in range(1 << 20))


def picture(chosen):
    """A grey picture 512 wide: a gradient with noise in the low bits."""
    noise = chosen.randbytes(SIZE)
    return bytes((at % 512 // 3 + at // 2048 + (noise[at] & 7)) & 255 for at in range(SIZE))


def document(chosen):
    """Like a PDF: streams that are compressed already, between lines of text."""
    content = bytearray()
    while len(content) < SIZE:
        stream = zlib.compress(chosen.randbytes(chosen.randrange(2000, 9000)))
        content += b"%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n" % (len(content), len(stream))
        content += stream + b"\nendstream\nendobj\n"
    return bytes(content)
