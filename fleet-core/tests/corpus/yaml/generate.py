"""Writes oddities.json: what Helm v4.2.3 reads from YAML 1.1's odd corners, and how it writes that again, grouped by oddity.

    python generate.py > oddities.json     (a python with helm-python-sdk 0.2.2, which is Helm v4.2.3)
"""
import io, itertools, json, tarfile

import helm_python as helm


def scalars(*texts):
    """Each text plain, as a key, and in a list."""
    for text in texts:
        yield f"a: {text}\n"
        yield f"{text}: a\n"
        yield f"a: [{text}, x]\n"


GROUPS = {
    "octal": scalars("010", "0o10", "08", "0o8", "-010", "+010", "0_10", "00", "0", "-0", "01.5", "0777", "0o777", "01_7", "0O17", "09.5", "0o", "0_"),
    "hexadecimal and binary": scalars("0x1F", "0X1f", "-0x1", "+0xA", "0x", "0x_1", "0x1_F", "0xG", "0b101", "-0b11", "0b2", "0b", "0B1", "0x1p3", "0xffffffffffffffff", "0x10000000000000000"),
    "sexagesimal": scalars("190:20:30", "1:30", "0:0", "12:30:45.5", "-1:30", "60:00", "1:60", "22:22", "1:2:3:4", "01:30", "1_0:30"),
    "booleans": scalars(*[form for word in ("yes", "no", "on", "off", "true", "false", "y", "n") for form in (word, word.title(), word.upper(), word[:1].upper() + word[1:-1] + word[-1:].upper())]),
    "nulls": scalars("~", "null", "Null", "NULL", "nUll", '""', "''", "!!null x", "!!null ''", "nil", "none"),
    "merge keys": [
        "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n", "a: &a {x: 1}\nb:\n  x: 3\n  <<: *a\n", "a: &a {x: 1}\nb: &b {x: 2, z: 1}\nc:\n  <<: [*a, *b]\n",
        "a: &a {x: 1}\nb: &b {x: 2, z: 1}\nc:\n  <<: [*b, *a]\n  z: 9\n", "a: &a [1]\nb: {<<: *a}\n", "a: &a 1\nb: {<<: *a}\n", "b: {<<: {x: 1}, y: 2}\n", "b: {<<: [{x: 1}, {x: 2}]}\n",
        "b: {<<: [{x: 1}, 2]}\n", "b: {<<: null}\n", "b: {<<: }\n", "b: {\"<<\": {x: 1}}\n", "b: {'<<': 1}\n", "a: &a {x: 1}\nb: {<<: *a, <<: {y: 1}}\n", "<<: {x: 1}\ny: 2\n",
        "a: &a {x: {p: 1}}\nb:\n  <<: *a\n  x: {q: 2}\n", "a: &a {<<: {x: 1}, y: 2}\nb: {<<: *a}\n", "b: {? << : {x: 1}}\n", "b: {!!str <<: {x: 1}}\n", "b: {!!merge <<: {x: 1}}\n", "- <<\n", "a: <<\n", "a: &a {x: 1}\nb: {<<: [*a, *a]}\n",
        "b: {<<: []}\n", "b: {<<: *none}\n", "a: &a\n  <<: *a\n", "b: {<<: [[{x: 1}]]}\n",
    ],
    "duplicate keys": [
        "a: 1\na: 2\n", "a: 1\n\"a\": 2\n", "{a: 1, a: 2}\n", "a: {b: 1, b: 2}\n", "1: a\n\"1\": b\n", "1: a\n1.0: b\n", "true: a\nyes: b\n", "a: 1\nb: 2\na:\n", "a: {x: 1}\na: {y: 2}\n", "010: a\n8: b\n", "a: [1]\na: [2]\n",
    ],
    "anchors": [
        "a: &x 1\nb: *x\n", "a: &x [1, 2]\nb: *x\nc: *x\n", "a: *x\n", "a: &x 1\nb: &x 2\nc: *x\n", "&k a: 1\nb: *k\n", "a: &x\nb: *x\n", "a: &x {b: *x}\n", "a: [&x 1, *x, &y {z: *x}, *y]\n", "a: &x-y_z 1\nb: *x-y_z\n", "a: &x:y 1\nb: *x:y\n",
        "a: & 1\n", "a: *\n", "a: &x *x\n", "a: &x &y 1\n", "*x : 1\n", "a: &x b\n*x : c\n", "a: &x b\n*x: c\n", "a: &é 1\nb: *é\n", "a: !!str &x 1\nb: *x\n", "a: &x !!str 1\nb: *x\n",
    ],
    "numbers": scalars("9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "1e3", "1E3", "1e+3", "1.", ".5", "-.5", "+.5", "+1", "1_000", "1_000.5", "_1", "1_", "1__0", "1e400", "-1e400", "1e-400", ".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN", "1.5e3", "100000", "1000000", "10000000", "123456789", "1e20", "1e21", "1e22", "0.1", "0.00001", "0.000001", "0.0000001", "1.0", "1.10", "12345678901234567890", "3.14159265358979", "1e", "e1", "1e1.5", "0.0", "-0.0", "1,000", "1 000", "12e03", "0e0", "!!float 1", "!!int 1.0", "!!int '1'", "!!float '1.5'", "!!int x", "!!float x", "!!bool yes", "!!bool x", "!!str 1", "!!str yes", "!!str", "! 1"),
    "timestamps": scalars("2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "2001-12-14T21:59:43Z", "2001-13-01", "2001-02-30", "20010101", "2001-01", "2001-01-01T00:00:00", "!!timestamp 2001-01-01", "!!str 2001-01-01", "'2001-01-01'", "!!timestamp x", "0001-01-01", "9999-12-31", "10000-01-01"),
    "binary and other tags": ["a: !!binary aGVsbG8=\n", "a: !!binary '='\n", "a: !!binary /w==\n", "a: !!set {x, y}\n", "a: !!omap [x: 1]\n", "a: !!seq [1]\n", "a: !!map {x: 1}\n", "a: !!map [1]\n", "a: !!seq {x: 1}\n", "a: !x 1\n", "a: !x {y: 1}\n", "a: !<tag:yaml.org,2002:str> 1\n", "a: !!x 1\n", "%TAG !e! tag:e,2000:\n---\na: !e!f 1\n", "a: !e!f 1\n", "!!map {a: 1}\n", "--- !x\na: 1\n", "a: =\n", "=: a\n", "a: !!null\n"],
    "keys": ["1: a\n", "1.5: a\n", "true: a\n", "~: a\n", "[1]: a\n", "{a: b}: c\n", "? a\n: b\n", "? [x]\n: b\n", "? |\n  k\n: v\n", "'': a\n", "a b: c\n", "a:b: c\n", "? a\n", "{a}\n", "{a, b: }\n", "{? a : b}\n", "\"a\\nb\": c\n", ": a\n", "a : b\n", "-1: a\n", "0x10: a\n", "1e3: a\n", "2001-01-01: a\n", ".inf: a\n", ".nan: a\n", "12345678901234567890: a\n", "x" * 130 + ": a\n", "'" + "x" * 1030 + "': a\n", "{" + "x" * 1030 + ": a}\n"],
    "blocks": [f"a: {style}{mark}\n{body}b: 1\n" for style, mark, body in itertools.product("|>", ("", "-", "+", "2", "1-", "2+", " # c", "x", "0"), ("  x\n", "  x\n\n\n", "   x\n  y\n", "\n  x\n", "  x\n\n  y\n   z\n\n  w\n", "\n\n", "", "  x  \n  \ty\n"))],
    "folding of flow scalars": [f"a: {open}{text}{open}\n" for open in ("", "'", '"') for text in ("x\n  y", "x\n\n  y", "x \n  y", "x\n\n\n  y\n  z", "x\n\ty", "x\n y # c", "x#y", "x #y", "x: y", "x:y", "-x", "- x", "a, b", "[x", "x]", "{x", "@x", "`x", "%x", "x\\\n  y", "it''s", "\\x41\\u00e9\\U0001F600\\/\\e\\_", "\\q", "x\ny", "x\n---\ny")],
    "documents": ["a: 1\n---\nb: 2\n", "---\n---\na: 1\n", "--- a\n", "--- {a: 1}\n", "a: 1\n...\nb: 2\n", "a: 1\n...\n---\nb: 2\n", "# c\n", "", "\n\n", "---\n", "...\n", "%YAML 1.1\n---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "%YAML 2.0\n---\na: 1\n", "%X y\n---\na: 1\n", "%YAML 1.1\na: 1\n", "\ufeffa: 1\n", "a: 1\n--- \nb: 2\n", "a: 1\n---b: 2\n", "a: 1 ---\n", "a: |\n  x\n---\nb: 1\n", "\u2028a: 1\n", "a: 1\u0085b: 2\n", "a: 1\rb: 2\r\n", "a:\t1\n", "\ta: 1\n", "a:\n\tb: 1\n", "a:\n  b: 1\n c: 2\n", "a: b: c\n", "- a\nb: 1\n", "a: 1\n- b\n", "a: [1\n", "a: {b: 1\n", "a: 'x\n", "a: \"x\n", "a: ]\n", "a: x\x00y\n", "a: \x07\n", "a: \x7f\n", "a: ,\n", "a: [,]\n", "a: [1,,2]\n", "a: [1,]\n", "a: {b: 1,}\n"],
    "line width": [f"a: {quote}{text}{quote}\n" for quote in ("", '"', "'") for text in ("word " * 15 + "end", "word " * 16 + "end", "word " * 40 + "end", "w" * 79, "w" * 81, "w" * 200, "w" * 78 + " x", "w" * 79 + " x", "w" * 80 + " x", "w" * 81 + " x y", "é" * 79 + " x y", "word  " * 30, "word: x " * 20)] + ["a: |\n  " + "word " * 40 + "\n", "a: >\n  " + "word " * 40 + "\n", "a:\n- b:\n  - c: \"" + "word " * 40 + "\"\n", "a: \"" + "w\\n " * 40 + "\"\n", "a: \"" + "word\\t" * 30 + "\"\n"],
}

TEMPLATE = '{{ $v := fromYaml .Values.x }}{{ toJson $v }}\n=====\n{{ toYaml $v }}'


def ask(text):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        for name, data in {"Chart.yaml": b"apiVersion: v2\nname: t\nversion: 0.1.0\n", "templates/t.yaml": TEMPLATE.encode()}.items():
            entry = tarfile.TarInfo("t/" + name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    with helm.Chart.load_archive(packed.getvalue()) as chart:
        found, written = chart.render({"x": text}, name="rel", namespace="ns")["t/templates/t.yaml"].split("\n=====\n", 1)
    return json.loads(found) if found else None, written


def main():
    cases = []
    for group, texts in GROUPS.items():
        for text in dict.fromkeys(texts):
            first, second = ask(text), ask(text)
            if first == second and first[0] is not None:
                cases.append({"group": group, "yaml": text, "json": first[0], "round": first[1]})
    print("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
