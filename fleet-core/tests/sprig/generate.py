"""Writes kinds.json: every function of sprig, Helm and text/template with every kind of argument in every place, and what Helm says.

    python generate.py > kinds.json        (a python with helm-python-sdk 0.2.2, which is Helm v4.2.3)

Each function has a call that works. Its arguments are replaced one by one by a value of each kind; then it is called with one
argument less and one more. What differs from run to run is only asked for its form.
"""
import io, json, re, sys, tarfile, time

import helm_python as helm

VALUES = {"m": {"b": 1.5, "a": "x", "n": None, "l": [1, {"k": "v"}]}, "l": ["b", 2, None], "s": "some text", "t": True}

KINDS = ["nil", "true", "3", "-1", "(int64 7)", "2.5", '"text"', '""', '"7"', '(list 1 "a" nil)', '(splitList "," "b,a")', '(dict "a" 1)',
         ".Values.m", ".nope", ".Values.nope", ".Values", ".Chart", ".Files", ".Capabilities", ".Capabilities.KubeVersion",
         ".Capabilities.APIVersions", '(toDate "2006-01-02" "2020-01-02")', '(semver "1.2.3-a+b")', '("x" | b64enc | b64dec)', "(1 | toDecimal)", "1i"]

# A call that works for each function, without the function's name.
CALLS = {
    # text/template
    "and": "true 1", "or": 'false "x"', "not": "true", "eq": "1 1", "ne": "1 2", "lt": "1 2", "le": "1 2", "gt": "1 2", "ge": "1 2",
    "index": ".Values.l 0", "slice": '"text" 1 2', "len": '"text"', "print": '1 "a"', "printf": '"%v" 1', "println": '"a" 1', "html": '"<"',
    "js": '"\\""', "urlquery": '"a b"', "call": ".nope",
    # Helm
    "include": '"d" 1', "tpl": '"{{ . }}" 1', "required": '"need" 1', "fail": '"text"', "lookup": '"v1" "Pod" "ns" "name"',
    "toYaml": ".Values.m", "mustToYaml": ".Values.m", "toYamlPretty": ".Values.m", "fromYaml": '"a: 1"', "fromYamlArray": '"- 1"',
    "toJson": ".Values.m", "mustToJson": ".Values.m", "fromJson": '"{\\"a\\":1}"', "fromJsonArray": '"[1]"', "toToml": ".Values.m",
    "mustToToml": '(dict "a" 1)', "fromToml": '"a = 1"', "getHostByName": '"host.invalid"',
    # sprig: defaults, types
    "default": '"d" ""', "empty": '""', "coalesce": '"" "x"', "all": '1 ""', "any": '0 ""', "compact": '(list 1 "")', "mustCompact": '(list 1 "")',
    "fromJson": '"[1]"', "toPrettyJson": ".Values.m", "mustToPrettyJson": ".Values.m", "toRawJson": ".Values.m", "mustToRawJson": ".Values.m",
    "mustFromJson": '"[1]"', "ternary": '"a" "b" true', "deepCopy": ".Values.m", "mustDeepCopy": ".Values.m",
    "typeOf": "1", "typeIs": '"int" 1', "typeIsLike": '"int" 1', "kindOf": "1", "kindIs": '"int" 1', "deepEqual": "1 1",
    # texts
    "trim": '" a "', "trimAll": '"-" "-a-"', "trimall": '"-" "-a-"', "trimSuffix": '"-" "a-"', "trimPrefix": '"-" "-a"', "upper": '"a"', "lower": '"A"',
    "title": '"a b"', "untitle": '"A B"', "repeat": '3 "a"', "substr": '0 2 "abc"', "nospace": '"a b"', "trunc": '2 "abc"', "abbrev": '5 "abcdefgh"',
    "abbrevboth": '5 10 "abcdefghijklmnop"', "initials": '"a b"', "wrap": '3 "ab cd"', "wrapWith": '3 "-" "ab cd"', "contains": '"a" "abc"',
    "hasPrefix": '"a" "abc"', "hasSuffix": '"c" "abc"', "quote": '"a" 1', "squote": '"a" 1', "cat": '"a" 1', "indent": '2 "a"', "nindent": '2 "a"',
    "replace": '"a" "b" "abc"', "plural": '"one" "many" 2', "snakecase": '"AbCd"', "camelcase": '"ab_cd"', "kebabcase": '"AbCd"', "swapcase": '"aB"',
    "toString": "1", "toStrings": "(list 1 2)", "join": '"," (list 1 2)', "splitList": '"," "a,b"', "split": '"," "a,b"', "splitn": '"," 2 "a,b,c"',
    "sortAlpha": '(list "b" "a")', "hello": "", "lower": '"A"',
    # numbers
    "atoi": '"7"', "int": '"7"', "int64": '"7"', "float64": '"7"', "toDecimal": '"17"', "seq": "1 3", "add1": "1", "add": "1 2", "sub": "3 1", "div": "7 2",
    "mod": "7 2", "mul": "2 3", "add1f": "1.5", "addf": "1.5 2", "subf": "3 1.5", "divf": "3 2", "mulf": "1.5 2", "max": "1 2", "min": "1 2", "biggest": "1 2",
    "maxf": "1.5 2", "minf": "1.5 2", "ceil": "1.5", "floor": "1.5", "round": "1.555 2", "until": "3", "untilStep": "0 6 2",
    # lists
    "list": '1 "a"', "tuple": '1 "a"', "first": "(list 1 2)", "mustFirst": "(list 1 2)", "rest": "(list 1 2)", "mustRest": "(list 1 2)", "last": "(list 1 2)",
    "mustLast": "(list 1 2)", "initial": "(list 1 2)", "mustInitial": "(list 1 2)", "append": "(list 1) 2", "mustAppend": "(list 1) 2", "push": "(list 1) 2",
    "mustPush": "(list 1) 2", "prepend": "(list 1) 2", "mustPrepend": "(list 1) 2", "concat": "(list 1) (list 2)", "reverse": "(list 1 2)",
    "mustReverse": "(list 1 2)", "uniq": "(list 1 1)", "mustUniq": "(list 1 1)", "without": "(list 1 2) 1", "mustWithout": "(list 1 2) 1",
    "has": "1 (list 1 2)", "mustHas": "1 (list 1 2)", "chunk": "2 (list 1 2 3)", "mustChunk": "2 (list 1 2 3)", "mustSlice": "(list 1 2 3) 1 2",
    # maps
    "dict": '"a" 1', "get": '.Values.m "a"', "set": '(dict "a" 1) "b" 2', "unset": '(dict "a" 1) "a"', "hasKey": '.Values.m "a"', "pluck": '"a" .Values.m',
    "keys": '(dict "a" 1)', "values": '(dict "a" 1)', "pick": '.Values.m "a"', "omit": '.Values.m "a"', "merge": '(dict "a" 1) (dict "b" 2)',
    "mustMerge": '(dict "a" 1) (dict "b" 2)', "mergeOverwrite": '(dict "a" 1) (dict "a" 2)', "mustMergeOverwrite": '(dict "a" 1) (dict "a" 2)',
    "dig": '"a" "none" .Values.m',
    # encodings, hashes
    "b64enc": '"a"', "b64dec": '"YQ=="', "b32enc": '"a"', "b32dec": '"ME======"', "sha1sum": '"a"', "sha256sum": '"a"', "sha512sum": '"a"', "adler32sum": '"a"',
    # patterns
    "regexMatch": '"a+" "aa"', "mustRegexMatch": '"a+" "aa"', "regexFindAll": '"a" "aa" -1', "mustRegexFindAll": '"a" "aa" -1', "regexFind": '"a" "ba"',
    "mustRegexFind": '"a" "ba"', "regexReplaceAll": '"a" "ba" "x"', "mustRegexReplaceAll": '"a" "ba" "x"', "regexReplaceAllLiteral": '"a" "ba" "$1"',
    "mustRegexReplaceAllLiteral": '"a" "ba" "$1"', "regexSplit": '"a" "bab" -1', "mustRegexSplit": '"a" "bab" -1', "regexQuoteMeta": '"a.b"',
    # times
    "date": '"2006" (toDate "2006" "2020")', "dateInZone": '"2006" (toDate "2006" "2020") "UTC"', "date_in_zone": '"2006" (toDate "2006" "2020") "UTC"',
    "dateModify": '"1h" (toDate "2006" "2020")', "date_modify": '"1h" (toDate "2006" "2020")', "mustDateModify": '"1h" (toDate "2006" "2020")',
    "must_date_modify": '"1h" (toDate "2006" "2020")', "htmlDate": '(toDate "2006" "2020")', "htmlDateInZone": '(toDate "2006" "2020") "UTC"',
    "toDate": '"2006" "2020"', "mustToDate": '"2006" "2020"', "unixEpoch": '(toDate "2006" "2020")', "duration": '"95"', "durationRound": '"2h10m"',
    # versions, paths, addresses
    "semver": '"1.2.3"', "semverCompare": '"^1.2" "1.3.0"', "base": '"a/b.c"', "dir": '"a/b.c"', "ext": '"a/b.c"', "clean": '"a/../b"', "isAbs": '"/a"',
    "osBase": '"a/b.c"', "osDir": '"a/b.c"', "osExt": '"a/b.c"', "osClean": '"a/../b"', "osIsAbs": '"/a"', "urlParse": '"http://u:p@h:1/p?q#f"',
    "urlJoin": '(dict "scheme" "http" "host" "h" "path" "/p")',
    # keys and certificates that are given
    "derivePassword": '1 "long" "password" "user" "example.com"', "decryptAES": '"key" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="',
    "buildCustomCert": '"YQ==" "YQ=="',
}

# Functions whose results differ from run to run, with what is asked of them; `%` is the call.
FORMS = {
    "randAlpha": ("3", "len (%)"), "randAlphaNum": ("3", "len (%)"), "randAscii": ("3", "len (%)"), "randNumeric": ("3", "len (%)"),
    "randBytes": ("3", "len (%)"), "randInt": ("1 2", "%"), "uuidv4": ("", "len (%)"), "shuffle": ('"aa"', "%"), "now": ("", "kindOf (%)"),
    "ago": ("now", "%"), "bcrypt": ('"a"', "len (%)"), "htpasswd": ('"u" "p"', "len (%)"), "encryptAES": ('"key" "text"', "decryptAES \"key\" (%)"),
    "genPrivateKey": ('"ed25519"', "trunc 27 (%)"), "genCA": ('"ca" 365', "typeOf (%)"), "genSelfSignedCert": ('"cn" nil (list "a.b") 365', "typeOf (%)"),
    "genCAWithKey": ('"ca" 365 (genPrivateKey "ed25519")', "typeOf (%)"),
    "genSelfSignedCertWithKey": ('"cn" (list "10.0.0.1") (list "a.b") 365 (genPrivateKey "ed25519")', "typeOf (%)"),
    "genSignedCertWithKey": ('"cn" nil nil 365 (genCAWithKey "ca" 365 (genPrivateKey "ed25519")) (genPrivateKey "ed25519")', "typeOf (%)"),
    "genSignedCert": ('"cn" nil nil 365 (genCAWithKey "ca" 365 (genPrivateKey "ed25519"))', "typeOf (%)"),
}

# Making RSA keys takes long, so these are called with fewer kinds.
SLOW = {"genCA", "genSelfSignedCert", "genSignedCert"}


# Where we differ: how structs are written as JSON, YAML and HTML by these functions, and what of them is copied (SHORTCOMINGS.md).
KNOWN = r"(must)?to(PrettyJson|RawJson) \.Cap|mustTo(PrettyJson|RawJson) \.Cap|toYamlPretty (\.Chart|\.Cap|\(toDate|1i)|(html|js|urlquery) \.Capabilities$|(must)?(deep|Deep)Copy (\.Cap|\(semver)"


def arguments(text):
    """The arguments of a call, split at spaces outside of parentheses and quotes."""
    parts, depth, quoted, part = [], 0, False, ""
    for index, letter in enumerate(text):
        if letter == '"' and (index == 0 or text[index - 1] != "\\"):
            quoted = not quoted
        depth += not quoted and (letter == "(") - (letter == ")")
        if letter == " " and not depth and not quoted:
            parts.append(part)
            part = ""
        else:
            part += letter
    return parts + [part] if part else parts


def expressions():
    for name, (call, form) in {**{name: (call, "%") for name, call in CALLS.items()}, **FORMS}.items():
        given = arguments(call)
        calls = [given, given[:-1], given + ["1"]] if given else [given, ["1"]]
        kinds = KINDS[::6] if name in SLOW else KINDS
        calls += [given[:place] + [kind] + given[place + 1:] for place in range(len(given)) for kind in kinds]
        seen = set()
        for call in calls:
            expression = form.replace("%", " ".join([name, *call]))
            if expression not in seen:
                seen.add(expression)
                yield expression


def render(expression):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        template = "{{ %s }}" % expression
        files = {"Chart.yaml": "apiVersion: v2\nname: t\nversion: 0.1.0\n", "values.yaml": json.dumps(VALUES), "templates/t.yaml": template,
                 "templates/_d.tpl": '{{ define "d" }}[{{ . }}]{{ end }}'}
        for name, text in files.items():
            entry = tarfile.TarInfo("t/" + name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    try:
        with helm.Chart.load_archive(packed.getvalue()) as chart:
            return {"out": chart.render({}, name="rel", namespace="ns")["t/templates/t.yaml"]}
    except helm.HelmError as error:
        return {"error": str(error)}


def main():
    cases = []
    for expression in expressions():
        results = [render(expression) for _ in range(1 if expression.split()[0] in SLOW else 3)]
        text = json.dumps(results[0])
        year = time.strftime("%Y")
        if (
            any(result != results[0] for result in results)
            or re.search(r"0x[0-9a-f]{6,}|goroutine", text)
            or year in text and year not in expression  # now
            or re.match(r"ago (-?\d|\(int|\(to|\(1)|durationRound \(toDate", expression)
            or re.match(KNOWN, expression)
        ):
            print(f"left out, differs from run to run: {expression}", file=sys.stderr)
            continue
        if len(text) > 500:
            continue  # The whole of .Capabilities; other cases have it.
        cases.append({"expr": expression} | results[0])
    print('{"values": %s, "cases": [' % json.dumps(VALUES))
    print(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
